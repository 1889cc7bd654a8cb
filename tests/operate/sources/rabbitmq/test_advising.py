"""What is said of workers, by what is seen of them."""

from __future__ import annotations

from operate.sources.rabbitmq.advising import advice, advise
from operate.sources.rabbitmq.consumers import Consumers
from operate.sources.rabbitmq.settings import RabbitSettings
from operate.template import WorkerTemplate

WORKER = WorkerTemplate("deployment/worker", ("worker",))


def found(limit=None, template=WORKER, **seen):
    consumers = Consumers(**({"count": 3, "careless": 0, "unlimited": 0, "prefetch": 1, "held": 3} | seen))
    return {each.what: each for each in advice(consumers, limit, template)}


def test_consumers_that_acknowledge_one_task_at_a_time_lose_nothing():
    said = found()
    assert all(each.ok for each in said.values())
    assert said["acknowledgement"].detail == "deployment/worker: all 3 consumers acknowledge: no task of theirs is lost"
    assert "the delivery limit" not in said


def test_auto_ack_loses_what_a_stopped_worker_holds_and_the_change_is_named():
    said = found(careless=2)["acknowledgement"]
    assert not said.ok
    assert "2 of 3 consumers have auto_ack" in said.detail
    assert "auto_ack=False" in said.remedy
    assert "basic_ack(method.delivery_tag)" in said.remedy


def test_a_worker_that_takes_all_gives_all_of_it_back():
    said = found(unlimited=1)["tasks held at once"]
    assert not said.ok
    assert said.remedy == "channel.basic_qos(prefetch_count=1) before basic_consume"
    several = found(prefetch=8)["tasks held at once"]
    assert several.ok
    assert "up to 8" in several.detail
    assert "basic_nack with requeue" in several.detail


def test_a_low_delivery_limit_removes_tasks_of_killed_workers():
    assert not found(limit=2)["delivery limit"].ok
    assert found(limit=20)["delivery limit"].ok
    assert "delivery limit" not in found(limit=-1)


def test_where_no_consumer_is_seen_it_is_said_what_they_should_do():
    said = {each.what: each for each in advice(None, None, None)}
    assert all(each.ok for each in said.values())
    assert "auto_ack=False" in said["acknowledgement"].detail
    assert "SIGTERM" in said["at the stop"].detail
    by_amqp = RabbitSettings(url="amqp://rabbit", queue="jobs")
    assert [each.what for each in advise(by_amqp, WORKER)] == ["acknowledgement", "at the stop"]


def test_the_signal_is_the_one_that_the_platform_sends():
    said = found(template=WorkerTemplate("worker.service", stop_signal="SIGINT"))
    assert "(SIGINT)" in said["at the stop"].detail


def test_where_nobody_answers_nothing_is_said():
    assert advise(RabbitSettings(url="http://127.0.0.1:9", queue="jobs"), WORKER) == ()
