"""Parts of the live farm by themselves, in made-up time: what no episode shows reliably."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaling_env.errors import BackendError
from autoscaling_env.testing.backend import batch, steady
from live.control import PAGE, Controller, _here, _is_dead, this_process
from live.errors import ServerUnreachable
from live.functions.handlers import sleep
from live.functions.heartbeat import Heartbeat
from live.functions.program import Program
from live.functions.settings import FunctionSettings
from live.functions.worker import Worker
from live.keeper import Keeper
from live.platform import Departure, WorkerCounts
from live.queues import Claim, Settled, StaleEpisode
from live.readings import Readings
from live.snapshot import LeaseRecord, Snapshot
from live.snapshot_poller import SnapshotPoller
from live.wire.segments import parse_segment
from live.wire.tasks import segments
from tests.waiting import until

NOTHING = Snapshot(0, 1, "", "", 0, 0, 0, 0, 0, 0, (), {}, ())
COUNTS = WorkerCounts(1, 1, 0, 0, 0)
SETTINGS = FunctionSettings(redis_url="redis://nowhere", drain_grace_s=10.0)


def collected(number: int, at_us: int, **more: object) -> dict[str, Any]:
    times = {"claimed_us": at_us - 2, "finished_us": at_us - 1, "collected_us": at_us}
    return {"id": number, "worker": "w", "deliveries": 1, "work_s": 0.1} | times | more


class FakeClock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += max(seconds, 0.0)


# -- from snapshots to telemetry


def test_what_is_collected_at_the_end_of_a_window_belongs_to_the_next() -> None:
    readings = Readings(batch([0.0, 0.0], 0.1), 0, 1.0, NOTHING)
    readings.add(replace(NOTHING, result_queue=3, collected=(collected(0, 999_999), collected(1, 1_000_000))))
    first, second = readings.telemetry(1.0, COUNTS), readings.telemetry(2.0, COUNTS)
    assert (first.output_queue, first.collected_s.tolist()) == (1, [0.999999])
    assert first.result_queue == 4
    assert (second.output_queue, second.collected_s.tolist(), second.result_queue) == (2, [1.0], 3)


def test_a_dead_task_misses_its_deadline_however_soon_it_died() -> None:
    readings = Readings(batch([0.0, 0.0], 0.1, deadline_s=9.0), 0, 1.0, NOTHING)
    readings.add(replace(NOTHING, collected=(collected(0, 5, dead="poison"), collected(1, 6))))
    assert readings.telemetry(1.0, COUNTS).deadline_met.tolist() == [False, True]


def test_when_a_worker_is_free_is_told_in_real_seconds() -> None:
    snapshot = replace(
        NOTHING, now_us=3_000_000, heartbeat_us={"w": 2_500_000}, leases=(LeaseRecord(1, "w", 2_000_000),)
    )
    (record,) = snapshot.roster([0.0, 50.0], 0.1)
    assert (record.heartbeat_age_s, record.task, record.free_in_s) == (0.5, 1, 4.0)


class FakeController:
    """Answers with pages of collected results; one by one, then like the last."""

    def __init__(self, *answers: Snapshot | Exception) -> None:
        self._answers = iter(answers)
        self.read: list[int] = []

    def snapshot(self, read: int) -> Snapshot:
        self.read.append(read)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def watch(controller: FakeController, clock: FakeClock) -> SnapshotPoller:
    return SnapshotPoller(controller, batch([], 0.1), 1.0, clock)  # type: ignore[arg-type]


def test_all_pages_are_read_and_the_next_look_goes_on_from_there() -> None:
    full = replace(NOTHING, now_us=10, collected=tuple(collected(i, 5) for i in range(PAGE)))
    rest = replace(NOTHING, now_us=10, collected=(collected(PAGE, 6),))
    controller = FakeController(full, rest, NOTHING)
    eyes, readings = watch(controller, FakeClock()), Readings(batch([], 0.1), 0, 1.0, NOTHING)
    assert eyes.look(readings, 30.0)
    assert eyes.look(readings, 30.0)
    assert controller.read == [0, PAGE, PAGE + 1]


def test_a_step_is_read_when_the_servers_clock_has_come_to_its_end() -> None:
    clock = FakeClock()
    controller = FakeController(replace(NOTHING, now_us=400_000), replace(NOTHING, now_us=1_000_000))
    watch(controller, clock).look(Readings(batch([], 0.1), 0, 1.0, NOTHING), 30.0, until_us=1_000_000)
    assert len(controller.read) == 2
    assert clock.now() == pytest.approx(0.6)


def test_an_outage_counts_from_the_last_answer() -> None:
    clock, gone = FakeClock(), ServerUnreachable("gone")
    eyes = watch(FakeController(gone, NOTHING, gone, gone), clock)
    readings = Readings(batch([], 0.1), 0, 1.0, NOTHING)
    clock.now_s = 20.0
    assert not eyes.look(readings, 30.0)
    assert eyes.look(readings, 30.0)
    clock.now_s = 40.0
    assert not eyes.look(readings, 30.0)
    clock.now_s = 51.0
    with pytest.raises(BackendError, match="no answer for 31 s"):
        eyes.look(readings, 30.0)


def test_tasks_before_the_first_segment_begins_are_its_own() -> None:
    tasks = replace(steady(4, 1.0, 0.1), segment_start_s=np.array([1.0, 3.0]))
    assert [[task[0] for task in parse_segment(text).tasks] for text in segments(tasks)] == [[0, 1, 2], [3]]


@pytest.mark.parametrize("moment", ["NaN", "Infinity", "-Infinity"])
def test_a_segment_without_real_moments_is_none(moment: str) -> None:
    with pytest.raises(ValueError, match="not a segment"):
        parse_segment(f'{{"start_s": 0, "next_s": null, "tasks": [[0, {moment}, 1, 1]]}}')


# -- who controls, and who reports the dead


def test_only_a_process_of_this_machine_is_known_to_be_dead() -> None:
    dead = 2**22 + 1  # above the largest process id of Linux
    assert not _is_dead(this_process())
    assert _is_dead(f"{_here()}/{dead}/x")
    assert not _is_dead(f"elsewhere-{socket.gethostname()}/{dead}/x")
    assert not _is_dead("")


class FakePlatform:
    def __init__(self, *departures: Departure) -> None:
        self._departures = departures

    def departures(self) -> tuple[Departure, ...]:
        found, self._departures = self._departures, ()
        return found


class FakeQueues:
    """Refuses the first report."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, str]] = []
        self.refusals = iter([ServerUnreachable("gone")])

    def bury_worker(self, episode: str, worker: str, how: str) -> bool:
        del how
        self.reports.append((episode, worker))
        for refusal in self.refusals:
            raise refusal
        return True


class FakeClaim(Controller):
    def __init__(self, queues: FakeQueues) -> None:
        self.queues = queues  # type: ignore[assignment]
        self.renewals = 0

    def renew(self) -> None:
        self.renewals += 1


def keeper(queues: FakeQueues, platform: FakePlatform, renew_s: float = 60.0) -> tuple[Keeper, FakeClaim]:
    claim = FakeClaim(queues)
    return Keeper(claim, platform, renew_s=renew_s), claim  # type: ignore[arg-type]


def test_every_death_is_reported_once_also_after_an_outage() -> None:
    queues = FakeQueues()
    watcher, claim = keeper(queues, FakePlatform(Departure("a", "signal 9"), Departure("b", "signal 9")))
    watcher.follow("e")
    watcher.start()
    try:
        until(lambda: len(queues.reports) == 3, "both deaths are reported")
    finally:
        watcher.close()
    assert queues.reports == [("e", "a"), ("e", "a"), ("e", "b")]
    assert claim.renewals == 0


def test_between_long_steps_the_claim_on_the_farm_is_renewed() -> None:
    watcher, claim = keeper(FakeQueues(), FakePlatform(), renew_s=0.01)
    watcher.start()
    try:
        watcher.follow("e")
        until(lambda: claim.renewals >= 2, "renewed twice")
    finally:
        watcher.close()


# -- the worker's side


class FakeBeats:
    def __init__(self, answer: str | Exception) -> None:
        self._answer = answer
        self.registered = 0

    def beat(self, episode: str, worker: str, claim: Claim | None) -> str:
        del episode, worker, claim
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def register(self, worker: str, host: str, pid: int, age_s: float) -> str:
        del worker, host, pid, age_s
        self.registered += 1
        return "e"


def heartbeat(answer: str | Exception) -> tuple[Heartbeat, FakeBeats]:
    program, queues = Program(SETTINGS, 1.0), FakeBeats(answer)
    program.queues = queues  # type: ignore[assignment]
    return Heartbeat(program), queues


@pytest.mark.parametrize(("answer", "registered"), [("ok", 0), ("fenced", 0), ("unknown", 1)])
def test_a_forgotten_worker_registers_again(answer: str, registered: int) -> None:
    heart, queues = heartbeat(answer)
    heart._beat("e", None)
    assert queues.registered == registered


@pytest.mark.parametrize(("held", "told"), [("old", 1), ("new", 0)])
def test_only_work_of_an_episode_that_is_over_is_put_down(
    monkeypatch: pytest.MonkeyPatch, held: str, told: int
) -> None:
    signals: list[int] = []
    monkeypatch.setattr("signal.pthread_kill", lambda _, number: signals.append(number))
    heart, _ = heartbeat(StaleEpisode())
    heart.holding(held, Claim("1", "2", "{}"))
    heart._beat("old", Claim("0", "1", "{}"))
    assert len(signals) == told


def worker(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Worker:
    monkeypatch.setattr("time.monotonic", clock.now)
    monkeypatch.setattr("time.sleep", clock.sleep)
    return Worker(SETTINGS, sleep)


def refusing(times: int) -> Callable[[], Settled]:
    answers = itertools.chain([ServerUnreachable("gone")] * times, itertools.repeat(None))

    def finish() -> Settled:
        for error in answers:
            if error is not None:
                raise error
            return Settled("settled")
        raise AssertionError

    return finish


def test_a_result_is_reported_however_long_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    assert worker(monkeypatch, clock)._insist(refusing(1000)).state == "settled"
    assert clock.now() > SETTINGS.drain_grace_s


def test_told_to_leave_it_insists_no_longer_than_its_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    from live.functions.signals import Stopped

    clock = FakeClock()
    leaving = worker(monkeypatch, clock)
    leaving._signals.stopping = True
    with pytest.raises(Stopped):
        leaving._insist(refusing(1000))
    assert SETTINGS.drain_grace_s < clock.now() < SETTINGS.drain_grace_s + 1.0
