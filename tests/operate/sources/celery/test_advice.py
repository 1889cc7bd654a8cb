"""What a worker's command says of its stop and of what a replica is."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from autoscaling_env.farm_kind import Finding
from operate.sources.celery.advice import advise
from operate.sources.celery.asked import Asked
from operate.sources.celery.asked_doctor import of_asked
from operate.sources.celery.settings import CelerySettings
from operate.template import WorkerTemplate

REDIS, RABBIT = CelerySettings(url="redis://h"), CelerySettings(url="amqp://h")
GOOD = "celery -A shop worker -E --concurrency=1 --prefetch-multiplier=1"


def wrong(command: str, settings: CelerySettings = REDIS, **template: Any) -> dict[str, Finding]:
    found = advise(settings, WorkerTemplate("deployment/worker", tuple(shlex.split(command)), **template))
    assert all(each.remedy for each in found if not each.ok)
    return {each.what: each for each in found if not each.ok}


@pytest.mark.parametrize("command", [GOOD, f"sh -c 'exec {GOOD}'", f"{GOOD} -n mail@%h", "python worker.py", ""])
def test_nothing_is_wrong_with_what_is_recommended(command: str):
    assert wrong(command) == {}


@pytest.mark.parametrize(
    ("command", "what", "remedy"),
    [
        ("celery -A shop worker", "one worker each", "--concurrency=1"),
        (f"{GOOD} -c 8", "one worker each", "--concurrency=1"),
        (f"{GOOD} --autoscale=10,3", "one worker each", "--concurrency=1"),
        (f"{GOOD} --prefetch-multiplier=4", "prefetch", "--prefetch-multiplier=1"),
        (f"{GOOD} --purge", "what is lost", "leave --purge out"),
        (f"{GOOD} -B", "beat", "celery beat"),
        (f"{GOOD} -D", "who is asked to stop", "leave --detach out"),
        (f"{GOOD} -n mail@one", "names of workers", "-n mail@%h"),
        (f"{GOOD} --without-heartbeat", "events", "leave --without-heartbeat out"),
        (f"{GOOD} -P solo", "pool", "silent_after"),
        (f"{GOOD} -Q mail", "queues served", "-Q celery"),
    ],
)
def test_each_thing_that_is_wrong_has_its_change(command: str, what: str, remedy: str):
    found = wrong(command)
    assert list(found) == [what]
    assert remedy in found[what].remedy


def test_prefetch_cannot_be_switched_off_on_rabbitmq():
    command = "celery -A shop worker -E --concurrency=1 --disable-prefetch"
    assert wrong(command) == {}
    assert "prefetch" in wrong(command, RABBIT)


@pytest.mark.parametrize(
    "template",
    [{"environment": {"REMAP_SIGTERM": "SIGQUIT"}}, {"stop_signal": "SIGQUIT"}],
)
def test_a_stop_that_breaks_off_tasks_is_named(template: dict[str, Any]):
    assert "breaks off its tasks" in wrong(GOOD, **template)["warm shutdown"].detail


@pytest.mark.parametrize("before", ["kill -QUIT 1", "celery -A shop control shutdown"])
def test_what_runs_before_the_stop_is_looked_at(before: str):
    assert "before the stop" in wrong(GOOD, before_stop=before)
    assert wrong(GOOD, before_stop="celery -A shop control shutdown -d $NAME") == {}


LATE = {"shop.work": {"acks_late": "True", "reject_on_worker_lost": "True", "time_limit": "60"}}


def asked(**values: Any) -> Asked:
    told: dict[str, Any] = {
        "name": "w@1",
        "queues": ("celery",),
        "pool": "prefork",
        "slots": 1,
        "prefetch": 1,
        "tasks": LATE,
        "conf": {},
    }
    return Asked(**(told | values))


def wrong_of(*workers: Asked, **settings: Any) -> dict[str, Finding]:
    found = list(of_asked(CelerySettings.model_validate({"url": "redis://h"} | settings), workers))
    assert all(each.remedy for each in found if not each.ok)
    return {each.what: each for each in found if not each.ok}


def test_workers_as_recommended_are_right():
    assert wrong_of(asked(), asked(name="w@2")) == {}
    assert wrong_of() == {}


@pytest.mark.parametrize(
    ("values", "what", "remedy"),
    [
        ({"slots": 4, "prefetch": 4}, "one task each", "--concurrency=1"),
        ({"prefetch": 4}, "prefetch", "worker_prefetch_multiplier=1"),
        ({"prefetch": 0}, "prefetch", "--disable-prefetch"),
        ({"pool": "solo"}, "pool", "--pool=prefork"),
        ({"tasks": {"a": {}}}, "acks_late", "task_acks_late=True"),
        ({"tasks": {"a": {"acks_late": "True"}}}, "reject_on_worker_lost", "task_reject_on_worker_lost=True"),
        ({"tasks": {"a": LATE["shop.work"] | {"time_limit": "7200"}}}, "visibility_timeout", "14400"),
        ({"conf": {"task_time_limit": 5000}}, "visibility_timeout", "10000"),
        ({"conf": {"broker_transport_options": {"visibility_timeout": 60}}}, "visibility_timeout", "60"),
        ({"queues": ("celery", "mail")}, "other queues", "[celery, mail]"),
        ({"queues": ("mail",)}, "workers", "-Q celery"),
    ],
)
def test_what_workers_say_of_themselves_has_its_change(values: dict[str, Any], what: str, remedy: str):
    found = wrong_of(asked(**values))
    assert list(found) == [what]
    assert remedy in found[what].remedy


def test_workers_of_other_queues_are_told_apart_by_their_names():
    found = wrong_of(asked(name="shop@1"), asked(name="mail@1", queues=("mail",)))
    assert "source.workers: [shop@*]" in found["other workers"].remedy
    assert wrong_of(asked(name="shop@1"), asked(name="mail@1", queues=("mail",)), workers=["shop@*"]) == {}


def test_one_that_leaves_has_given_up_its_queues_and_is_nobody_elses():
    assert wrong_of(asked(name="shop@1"), asked(name="shop@2", queues=())) == {}
