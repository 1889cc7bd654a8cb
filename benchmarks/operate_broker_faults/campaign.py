"""One system under a load while its broker, its network and its disks fail, and what came of it."""

from __future__ import annotations

import contextlib
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.operate_broker_faults.cable import Cable
from benchmarks.operate_broker_faults.disk import Disk
from benchmarks.operate_broker_faults.faults import Fault, Kind
from benchmarks.operate_broker_faults.ledger import Ledger, Window
from benchmarks.operate_broker_faults.load import LONGEST_S, WORK_S, Load
from benchmarks.operate_broker_faults.signs import seen
from benchmarks.operate_broker_faults.systems import Broker, address, broker_of, source_of
from benchmarks.operate_faults.operators import Operator, Tailing, Told
from benchmarks.operate_scale_in.tasks import LOG

INTERVAL_S, LEAST, MOST = 1.0, 1, 4
#: A controller and workers have so long to be there at first, and to be well again; all is over when every task is
#: done, or after so long.
START_S, PATIENCE_S, FINISH_S = 240.0, 60.0, 150.0
#: Quiet seconds after a fault; what it has left behind may be said so much later.
PAUSE_S, LATE_S = 2.0, 3.0
POLL_S = 0.1
#: Ticks of which as many tasks are finished as there are ticks: then all is as it will be.
STEADY = 5
CONTROLLER, WORKERS = "controller", "workers"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault.

    Attributes:
        fault: which.
        began_s: monotonic seconds at which it was made.
        mended_s: when it was mended.
        fresh_s: seconds from then until a tick with fresh readings; None: there was none.
        working_s: likewise until a task was begun and done.
        words: by which the journal tells of it; "": it does not.
    """

    fault: Fault
    began_s: float
    mended_s: float
    fresh_s: float | None
    working_s: float | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """All that is known of one system afterwards.

    Attributes:
        system: which.
        outcomes: of the faults, in order.
        told: the controller's journal.
        ledger: the workers' log.
        sent: tasks that its broker took.
        again: of them those that were sent more than once.
        seconds: it took.
    """

    system: str
    outcomes: list[Outcome]
    told: list[Told]
    ledger: Ledger
    sent: int
    again: frozenset[int]
    seconds: float

    @property
    def windows(self) -> list[Window]:
        """When something was broken, or had not recovered yet."""
        return [
            Window(each.began_s, each.mended_s + max(each.fresh_s or 0.0, each.working_s or 0.0))
            for each in self.outcomes
        ]


@dataclass(frozen=True, slots=True)
class Bench:
    """All that can be broken, and the controller."""

    broker: Broker
    cables: dict[str, list[Cable]]
    state: Disk
    operator: Operator
    log: Path


def run(
    system: str, faults: Sequence[Fault], folder: Path, seed: int, told: Callable[[Outcome], None] = lambda each: None
) -> Campaign:
    """Make these faults, one after the other, under a load; needs root, for disks of its own.

    Args:
        system: whose queue.
        faults: in their order.
        folder: of all files; empty.
        seed: of the load.
        told: is given every outcome as it is known.
    """
    begin_s, rng = time.monotonic(), random.Random(seed)  # noqa: S311 - a drawing of lots
    with ExitStack() as stack:
        broker = broker_of(system)
        stack.callback(broker.stop)
        load = Load(system, address(system, broker.port), seed)
        bench = stack.enter_context(_bench(system, broker, folder))
        load.start()
        with _running(bench):
            outcomes = []
            for fault in faults:
                outcomes.append(_one(bench, fault, rng))
                told(outcomes[-1])
            load.stop()
            _finish(bench, load)
            shutil.copytree(bench.state.folder / "journal", folder / "journal", dirs_exist_ok=True)
        journal = bench.operator.told
        outcomes = [replace(each, words=_words(each, outcomes, journal)) for each in outcomes]
        ledger = Ledger.of(bench.log)
        return Campaign(system, outcomes, journal, ledger, load.sent, frozenset(load.again), time.monotonic() - begin_s)


# -- setting


@contextmanager
def _bench(system: str, broker: Broker, folder: Path) -> Iterator[Bench]:
    """Lay cables between broker, workers and controller, and set up a controller whose state has a disk of its own."""
    with ExitStack() as stack:
        cables = [Cable(port) for port in (broker.port, broker.port, broker.management_port) if port]
        for cable in cables:
            stack.callback(cable.close)
        workers, own, *management = cables
        source = source_of(system, own.port, management[0].port if management else 0)
        log = folder / "log.txt"
        config = _config(source, [system, address(system, workers.port)], log)
        operator = Operator("operator", folder / "operator", config)
        state = Disk(folder / "operator" / "state")
        stack.callback(state.close)
        yield Bench(broker, {CONTROLLER: [own, *management], WORKERS: [workers]}, state, operator, log)


@contextmanager
def _running(bench: Bench) -> Iterator[None]:
    """Run the controller, and with it the workers, from the first task that they have done on; end both afterwards."""
    tailing = Tailing([bench.operator.tail])
    tailing.start()
    try:
        bench.operator.start()
        since_s = time.monotonic()
        if None in (_recovered(bench, since_s, START_S) or (None,)):
            raise AssertionError("nothing is done; see the controller's log")
        _until_steady(bench)
        yield
    finally:
        bench.operator.end()
        tailing.stop()


def _config(source: dict[str, Any], worker: list[str], log: Path) -> dict[str, Any]:
    """Return a controller's configuration: times of minutes are made seconds, as ticks of 8 s are made 1 s."""
    return {
        "source": source,
        "target": {
            "kind": "processes", "command": [sys.executable, "-m", "benchmarks.operate_broker_faults.worker", *worker],
            "env": {LOG: str(log)}, "workers": LEAST, "startup_time": 1.0, "drain_grace": 10 * LONGEST_S,
        },
        "policy": "benchmarks.operate_faults.policy:Moody",
        "objective": {"finish_within": "10s", "share": 0.9, "window": "60s"},
        "bounds": {"min": LEAST, "max": MOST},
        "tasks": {"service_time": WORK_S, "variation": 0.5},
        "workers": {"startup_time": 2.0},
        "interval": INTERVAL_S,
        "observation_window": 5.0,
        "period": 3600.0,
        "mode": "act",
        "guardrails": {"decide_within": 0.4, "scale_in_cooldown": 5.0, "stale_after": 4.0, "watchdog": None},
        "page": None,
    }  # fmt: skip


# -- one fault


def _one(bench: Bench, fault: Fault, rng: random.Random) -> Outcome:
    time.sleep(rng.uniform(0, INTERVAL_S))  # anywhere in a tick
    began_s = time.monotonic()
    with _broken(bench, fault.kind):
        time.sleep(fault.hold_s)
    mended_s = time.monotonic()
    fresh_s, working_s = _recovered(bench, mended_s) or (None, None)
    time.sleep(PAUSE_S)
    return Outcome(fault, began_s, mended_s, fresh_s, working_s)


@contextmanager
def _broken(bench: Bench, kind: Kind) -> Iterator[None]:
    """Make a fault, and mend it in the end."""
    broker, own, workers = bench.broker, bench.cables[CONTROLLER], bench.cables[WORKERS]
    broke, mend = {
        Kind.KILLED: (broker.kill, broker.start),
        Kind.STOPPED: (broker.halt, broker.go_on),
        Kind.CONTROLLER_CUT: (lambda: _each(own, Cable.cut), lambda: _each(own, Cable.mend)),
        Kind.CONTROLLER_SILENT: (lambda: _each(own, Cable.swallow), lambda: _each(own, Cable.mend)),
        Kind.WORKERS_CUT: (lambda: _each(workers, Cable.cut), lambda: _each(workers, Cable.mend)),
        Kind.WORKERS_SILENT: (lambda: _each(workers, Cable.swallow), lambda: _each(workers, Cable.mend)),
        Kind.BROKER_FULL: (broker.fill, broker.clear),
        Kind.STATE_FULL: (bench.state.fill, bench.state.clear),
    }[kind]
    broke()
    try:
        yield
    finally:
        mend()


def _each(cables: Sequence[Cable], act: Callable[[Cable], None]) -> None:
    for cable in cables:
        act(cable)


def _recovered(bench: Bench, since_s: float, within_s: float = PATIENCE_S) -> tuple[float | None, float | None] | None:
    """Wait until there was a tick with fresh readings and a task was begun and done; return after how many seconds."""
    fresh_s = working_s = None
    while time.monotonic() < since_s + within_s:
        if fresh_s is None:
            well = (each for each in bench.operator.since(since_s) if each.is_well and each.began_s > since_s)
            fresh_s = next((each.at_s - since_s for each in well), None)
        if working_s is None and (done_s := Ledger.of(bench.log).first_done_after(since_s)) is not None:
            working_s = done_s - since_s
        if fresh_s is not None and working_s is not None:
            return fresh_s, working_s
        time.sleep(POLL_S)
    return None if fresh_s is None and working_s is None else (fresh_s, working_s)


def _until_steady(bench: Bench) -> None:
    """Wait until the controller sees that tasks are finished, tick after tick, as before each further fault."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        seen = [each.record["seen"].get("completed") or 0.0 for each in bench.operator.told[-STEADY:] if each.is_tick]
        if len(seen) == STEADY and sum(seen) >= STEADY:
            return
        time.sleep(POLL_S)


def _finish(bench: Bench, load: Load) -> None:
    """Wait until all is done that will be."""
    until_s = time.monotonic() + FINISH_S
    while Ledger.of(bench.log).lost(load.sent) and time.monotonic() < until_s:
        time.sleep(0.5)
    with contextlib.suppress(OSError):
        bench.state.clear()


def _words(outcome: Outcome, outcomes: Sequence[Outcome], journal: Sequence[Told]) -> str:
    """Return by which words a fault is seen, before the next one could be meant."""
    until_s = outcome.mended_s + max(outcome.fresh_s or 0.0, outcome.working_s or 0.0) + LATE_S
    until_s = min([until_s, *(each.began_s for each in outcomes if each.began_s > outcome.began_s)])
    return seen(outcome.fault.kind, [each for each in journal if outcome.began_s <= each.at_s <= until_s])
