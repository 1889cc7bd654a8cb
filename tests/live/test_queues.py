"""The queue protocol on a real server: each step once, whatever is repeated or comes late."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from live.control import Controller
from live.history import read_history, verify
from live.queues import Claim, Queues, StaleEpisode
from live.wire.keys import KEYS, key

pytestmark = pytest.mark.live


def task(number: int) -> str:
    return json.dumps({"id": number, "arrival_s": 0.0, "service_s": 0.1, "deadline_s": 1.0})


@pytest.fixture
def episode(controller: Controller) -> str:
    episode = controller.begin([])
    controller.start()
    return episode


def fill(queues: Queues, episode: str, count: int) -> None:
    queues.enqueue(episode, 0, [task(i) for i in range(count)])


def take(queues: Queues, episode: str, worker: str, number: int = 0) -> Claim:
    claim = queues.claim(episode, worker, number)
    assert claim is not None
    return claim


def output(queues: Queues) -> list[dict[str, object]]:
    return [json.loads(each) for each in queues.client.lrange(key(queues.farm, "output_queue"), 0, -1)]


def expire(queues: Queues, task_id: str) -> None:
    """Put the end of a lease into the past."""
    queues.client.zadd(key(queues.farm, "leases"), {task_id: 1})


def test_enqueue_counts_and_repeats_nothing(queues: Queues, episode: str) -> None:
    tasks = [task(i) for i in range(5)]
    assert queues.enqueue(episode, 0, tasks[:3]) == 3
    assert queues.enqueue(episode, 0, tasks[:3]) == 3
    assert queues.enqueue(episode, 1, tasks[1:]) == 5
    assert queues.client.lrange(key(queues.farm, "worker_queue"), 0, -1) == tasks
    assert queues.enqueued_total() == 5


def test_enqueue_refuses_a_gap(queues: Queues, episode: str) -> None:
    with pytest.raises(ValueError, match="before number 2"):
        queues.enqueue(episode, 2, [task(2)])


def test_tasks_come_out_in_order_one_per_worker(queues: Queues, episode: str) -> None:
    fill(queues, episode, 3)
    assert [take(queues, episode, f"w{i}").task_id for i in range(3)] == ["0", "1", "2"]
    assert queues.claim(episode, "w3", 0) is None


def test_a_repeated_claim_gets_the_same_task(queues: Queues, episode: str) -> None:
    fill(queues, episode, 2)
    assert take(queues, episode, "w", 7) == take(queues, episode, "w", 7)
    assert queues.client.llen(key(queues.farm, "worker_queue")) == 1


def test_a_late_claim_takes_nothing(queues: Queues, episode: str) -> None:
    assert queues.claim(episode, "w", 7) is None
    fill(queues, episode, 1)
    assert queues.claim(episode, "w", 6) is None
    assert take(queues, episode, "w", 8).task_id == "0"


def test_finish_gives_the_next_task_and_counts_once(queues: Queues, episode: str) -> None:
    fill(queues, episode, 2)
    first = take(queues, episode, "w", 0)
    settled = queues.finish(episode, "w", first, "done", "null", 0.1, 1)
    again = queues.finish(episode, "w", first, "done", "null", 0.1, 1)
    assert (settled.state, again.state) == ("settled", "again")
    assert settled.next_claim == again.next_claim
    assert queues.collect(episode, 10) == (1, 0)
    assert [each["id"] for each in output(queues)] == [0]


def test_an_expired_lease_goes_to_another_and_the_late_result_is_fenced_out(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    late = take(queues, episode, "slow")
    expire(queues, "0")
    assert queues.reap(episode) == 1
    assert queues.reap(episode) == 0
    second = take(queues, episode, "quick")
    assert int(second.token) > int(late.token)
    assert queues.beat(episode, "slow", late) in {"unknown", "fenced"}
    assert queues.finish(episode, "slow", late, "done", '"late"', 9.0, None).state == "fenced"
    assert queues.finish(episode, "quick", second, "done", '"right"', 0.1, None).state == "settled"
    assert queues.client.hget(key(queues.farm, "values"), "0") == '"right"'
    assert queues.collect(episode, 10) == (1, 0)
    report = verify(read_history(queues.client, queues.farm), 1)
    assert (report.recovered, report.problems) == (1, ())


def test_expired_tasks_keep_their_order(queues: Queues, episode: str) -> None:
    fill(queues, episode, 4)
    for i in range(3):
        take(queues, episode, f"w{i}")
        queues.client.zadd(key(queues.farm, "leases"), {str(i): 1 + i})
    queues.reap(episode)
    assert [take(queues, episode, f"x{i}").task_id for i in range(4)] == ["0", "1", "2", "3"]


def test_a_heartbeat_renews_the_lease(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.register("w", "host", 1, 0.5)
    claim = take(queues, episode, "w")
    expire(queues, "0")
    assert queues.beat(episode, "w", claim) == "ok"
    assert queues.reap(episode) == 0


def test_a_heartbeat_for_a_task_that_went_to_another_is_fenced(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.register("slow", "host", 1, 0.5)
    late = take(queues, episode, "slow")
    expire(queues, "0")
    queues.reap(episode)
    assert queues.beat(episode, "slow", late) == "fenced"
    take(queues, episode, "quick")
    assert queues.beat(episode, "slow", late) == "fenced"
    assert queues.client.zscore(key(queues.farm, "leases"), "0") > 1


def test_a_worker_that_leaves_returns_a_task_it_does_not_know_of(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.register("w", "host", 1, 0.5)
    take(queues, episode, "w")
    queues.leave(episode, "w")
    queues.leave(episode, "w")
    assert queues.client.llen(key(queues.farm, "worker_queue")) == 1
    assert queues.client.hlen(key(queues.farm, "leased")) == 0
    assert queues.client.hget(key(queues.farm, "deliveries"), "0") == "0"
    assert queues.heartbeats() == {}


def test_a_segment_offered_twice_stands_there_once(queues: Queues, controller: Controller) -> None:
    episode = controller.begin(["a"])
    assert queues.run("offer", episode, 0, "a") == "again"
    assert queues.run("offer", episode, 1, "b") == "ok"
    assert queues.run("offer", "older", 2, "c") == "stale"
    assert queues.client.lrange(key(queues.farm, "input_queue"), 0, -1) == ["a", "b"]


def test_handing_back_does_not_count_as_a_delivery(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    for i in range(5):
        queues.finish(episode, f"w{i}", take(queues, episode, f"w{i}"), "returned", "told to leave", 0.0, None)
    assert queues.client.hget(key(queues.farm, "deliveries"), "0") == "0"
    assert queues.client.llen(key(queues.farm, "worker_queue")) == 1


def test_three_failures_and_the_task_is_dead_with_its_reason(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    for i in range(3):
        queues.finish(episode, f"w{i}", take(queues, episode, f"w{i}"), "failed", "ValueError: no", 0.0, None)
    assert queues.claim(episode, "w9", 0) is None
    (buried,) = [json.loads(each) for each in queues.client.lrange(key(queues.farm, "dead"), 0, -1)]
    assert (buried["id"], buried["deliveries"], buried["reason"]) == ("0", 3, "ValueError: no")
    assert queues.collect(episode, 10) == (1, 0)
    assert output(queues)[0]["dead"] == "ValueError: no"
    assert verify(read_history(queues.client, queues.farm), 1).dead == 1


def test_a_dead_workers_task_is_taken_back_at_once(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.register("w", "host", 1, 0.5)
    take(queues, episode, "w")
    assert queues.bury_worker(episode, "w", "killed")
    assert not queues.bury_worker(episode, "w", "killed")
    assert take(queues, episode, "v").task_id == "0"


@pytest.mark.parametrize(
    "junk", ["{", "[]", '{"id": "x"}', "\x00", "", '{"id": NaN}', '{"id": Infinity}', '{"id": 0.5}', '{"id": -1}']
)
def test_junk_on_the_worker_queue_goes_to_the_dead_list(queues: Queues, episode: str, junk: str) -> None:
    queues.client.rpush(key(queues.farm, "worker_queue"), junk)
    fill(queues, episode, 1)
    assert take(queues, episode, "w").task_id == "0"
    buried = json.loads(queues.client.lindex(key(queues.farm, "dead"), 0) or "")
    assert buried["body"] == junk
    assert "not a task" in buried["reason"]


def test_a_task_pushed_twice_by_somebody_is_given_out_once(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.client.rpush(key(queues.farm, "worker_queue"), task(0))
    claim = take(queues, episode, "w")
    assert queues.claim(episode, "v", 0) is None
    queues.finish(episode, "w", claim, "done", "null", 0.1, None)
    assert verify(read_history(queues.client, queues.farm), 1).unexpected == 1


def test_a_result_pushed_twice_is_counted_once(queues: Queues, episode: str) -> None:
    fill(queues, episode, 1)
    queues.finish(episode, "w", take(queues, episode, "w"), "done", "null", 0.1, None)
    results = key(queues.farm, "result_queue")
    queues.client.rpush(results, queues.client.lindex(results, 0) or "", "junk")
    assert queues.collect(episode, 10) == (1, 0)
    assert len(output(queues)) == 1
    assert verify(read_history(queues.client, queues.farm), 1).problems


@pytest.mark.parametrize(
    "junk",
    ['{"id":0}', '{"id":0,"token":7}', '{"id":0,"token":"dead"}', '{"id":0,"token":0,"dead":"x"}', '{"id":1e999}', "7"],
)
def test_a_result_nobody_settled_is_not_counted(queues: Queues, episode: str, junk: str) -> None:
    """Else one `{"id":0}` would stand for the result of task 0, and lack all that is read of one."""
    fill(queues, episode, 1)
    queues.client.rpush(key(queues.farm, "result_queue"), junk)
    assert queues.collect(episode, 10) == (0, 0)
    assert json.loads(queues.client.lindex(key(queues.farm, "dead"), 0) or "")["reason"] == "not a result"
    queues.finish(episode, "w", take(queues, episode, "w"), "done", "null", 0.1, None)
    assert queues.collect(episode, 10) == (1, 0)
    assert verify(read_history(queues.client, queues.farm), 1).ok == 1


def test_a_task_that_is_nowhere_is_lost_long_before_the_end(queues: Queues, episode: str) -> None:
    fill(queues, episode, 4)
    take(queues, episode, "w")
    queues.finish(episode, "v", take(queues, episode, "v"), "done", "null", 0.1, None)
    verdict = verify(read_history(queues.client, queues.farm), 5, complete=False)
    assert (verdict.pending, verdict.lost, verdict.passed) == (5, 0, True)
    queues.client.lpop(key(queues.farm, "worker_queue"))
    verdict = verify(read_history(queues.client, queues.farm), 5, complete=False)
    assert (verdict.pending, verdict.lost, verdict.passed) == (4, 1, False)
    assert "task 2 lost" in verdict.problems[0]


def test_a_claim_on_the_farm_lasts_longer_than_a_step(queues: Queues, controller: Controller, episode: str) -> None:
    until_us = (key(queues.farm, "episode"), "controller_until_us")
    queues.client.hset(*until_us, "1")
    controller.renew()
    assert int(queues.client.hget(*until_us) or 0) > queues.server_time_us()
    assert queues.run("renew", episode, "somebody/2/b", 10**9) == 0
    assert queues.run("renew", "older", controller.owner, 10**9) == 0


def test_one_wake_token_for_each_task_and_never_more_than_waiting_workers(queues: Queues, episode: str) -> None:
    wake = key(queues.farm, "wake")
    for i in range(3):
        queues.claim(episode, f"w{i}", 0)
    queues.enqueue(episode, 0, [task(0)])
    assert queues.client.llen(wake) == 1
    queues.enqueue(episode, 1, [task(i) for i in range(1, 9)])
    assert queues.client.llen(wake) == 3


@pytest.mark.parametrize("goes", [lambda q, e: q.leave(e, "w"), lambda q, e: q.bury_worker(e, "w", "killed")])
def test_who_goes_with_a_wake_token_leaves_one_for_another(
    queues: Queues, episode: str, goes: Callable[[Queues, str], object]
) -> None:
    for worker in ("w", "v"):
        queues.claim(episode, worker, 0)
    fill(queues, episode, 1)
    assert queues.client.lpop(key(queues.farm, "wake"))  # w has it, and goes before it claims
    goes(queues, episode)
    assert queues.client.llen(key(queues.farm, "wake")) == 1


def test_a_worker_with_a_task_is_not_woken(queues: Queues, episode: str) -> None:
    queues.claim(episode, "w", 0)
    fill(queues, episode, 1)
    take(queues, episode, "w", 1)
    queues.client.delete(key(queues.farm, "wake"))
    queues.enqueue(episode, 1, [task(1)])
    assert queues.client.llen(key(queues.farm, "wake")) == 0


def test_a_lost_wake_token_is_made_up_for(queues: Queues, episode: str) -> None:
    queues.claim(episode, "w", 0)
    fill(queues, episode, 1)
    queues.client.delete(key(queues.farm, "wake"))
    queues.reap(episode)
    assert queues.client.llen(key(queues.farm, "wake")) == 1


def test_silent_workers_are_forgotten(queues: Queues, episode: str) -> None:
    queues.register("w", "host", 1, 0.5)
    queues.client.zadd(key(queues.farm, "heartbeats"), {"w": 1})
    queues.reap(episode)
    assert queues.beat(episode, "w", None) == "unknown"


def test_another_episode_changes_nothing(queues: Queues, controller: Controller, episode: str) -> None:
    fill(queues, episode, 2)
    old = take(queues, episode, "w")
    new = controller.begin([])
    for late in (
        lambda: queues.finish(episode, "w", old, "done", "null", 0.1, 1),
        lambda: queues.claim(episode, "w", 2),
        lambda: queues.enqueue(episode, 2, [task(2)]),
        lambda: queues.collect(episode, 5),
        lambda: queues.beat(episode, "w", old),
        lambda: queues.take_segment(episode, 0),
        lambda: queues.reap(episode),
    ):
        with pytest.raises(StaleEpisode):
            late()
    queues.leave(episode, "w")
    left = {key(queues.farm, name) for name in ("episode", "emitter_wake", "result_wake")}
    assert set(queues.client.keys(f"{{{queues.farm}}}:*")) == left
    assert queues.episode()["id"] == new


def test_segments_are_started_once_each(queues: Queues, controller: Controller) -> None:
    episode = controller.begin(["a", "b"])
    assert [queues.take_segment(episode, i) for i in (0, 0, 1, 2)] == ["a", "a", "b", None]
    assert queues.client.lrange(key(queues.farm, "emitting"), 0, -1) == ["b"]
    assert controller.snapshot(0).input_queue == 0


def test_an_episode_begun_meanwhile_is_not_replaced(queues: Queues, controller: Controller, episode: str) -> None:
    """Two controllers saw the same episode; the second one's beginning comes too late."""
    queues.client.hset(key(queues.farm, "episode"), "controller_until_us", "0")
    late = ("elsewhere/2/b", 10**9, "", 10**9, 3)
    assert queues.run("begin", "an-older-one", "mine", *late) == ["conflict", episode]
    assert queues.episode()["id"] == episode
    assert queues.run("begin", episode, "mine", *late) == ["ok"]
    assert queues.run("begin", episode, "mine", *late) == ["again"]


def test_every_key_in_use_is_listed_with_its_type(queues: Queues, controller: Controller) -> None:
    episode = controller.begin(["a", "b"])
    controller.start()
    queues.take_segment(episode, 0)
    queues.claim(episode, "idle", 0)
    queues.register("w", "host", 1, 0.1)
    fill(queues, episode, 9)
    for number in range(3):
        queues.finish(episode, "w", take(queues, episode, "w", number), "done", "1", 0.1, None)
    queues.collect(episode, 1)
    take(queues, episode, "x")
    queues.client.rpush(key(queues.farm, "result_queue"), "junk")
    queues.collect(episode, 9)
    queues.finish(episode, "w", take(queues, episode, "w", 5), "done", "1", 0.1, None)
    types = {name: queues.client.type(key(queues.farm, name)) for name in KEYS}
    assert types == {name: kind for name, (kind, _) in KEYS.items()}
    assert len(queues.client.keys(f"{{{queues.farm}}}*")) == len(KEYS)
