"""The campaign: everything is put together, broken fault by fault, and what came of it is kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.operate_faults.audit import Audit
from benchmarks.operate_faults.books import Books, Load, books_of
from benchmarks.operate_faults.breaking import FRESH_S, LEADERS, TELEMETRY, Bench, broken
from benchmarks.operate_faults.faults import Fault, Kind
from benchmarks.operate_faults.gateway import Gateway
from benchmarks.operate_faults.operators import Operator
from benchmarks.operate_faults.setting import INTERVAL_S, a_bench, running
from benchmarks.operate_faults.signs import seen

#: A controller has so long to be well again after a fault, and workers to finish what is there in the end.
PATIENCE_S, FINISH_S = 60.0, 90.0
POLL_S = 0.05
#: Whoever is hit by these watches, and need not act again.
WATCHED = TELEMETRY | {Kind.FOLLOWER_KILLED, Kind.FOLLOWER_STOPPED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault.

    Attributes:
        fault: which.
        victim: name of the controller that was hit first.
        began_s: monotonic seconds at which it was made.
        mended_s: when it was mended.
        recovery_s: until a controller worked as it should: after a leader was hit since it was made, else since it was
            mended; None: none did.
        words: by which a journal tells of it; "": none does.
    """

    fault: Fault
    victim: str
    began_s: float
    mended_s: float
    recovery_s: float | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """All that is known afterwards.

    Attributes:
        outcomes: of the faults, in order.
        operators: the controllers with their journals.
        gateways: with what was asked of the API server.
        audit: every version of Deployment and Lease.
        books: of the tasks.
        seconds: it took.
    """

    outcomes: list[Outcome]
    operators: dict[str, Operator]
    gateways: dict[str, Gateway]
    audit: Audit
    books: Books
    seconds: float


def run(
    faults: Sequence[Fault],
    folder: Path,
    *,
    image: str,
    seed: int = 0,
    api_server: int = 0,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> Campaign:
    """Make these faults, one after the other, under a load.

    Args:
        faults: in their order.
        folder: of all files; empty.
        image: that has Python, for the workers.
        seed: of the load.
        api_server: its process, for faults that stop it.
        told: is given every outcome as it is known.
    """
    begin_s = time.monotonic()
    telemetry = any(fault.kind in TELEMETRY for fault in faults)
    with ExitStack() as stack:
        bench, audit = stack.enter_context(a_bench(folder, image, api_server, telemetry))
        load = Load(bench.server.url, seed)
        load.start()
        outcomes = []
        with running(bench):
            for fault in faults:
                outcomes.append(_one(bench, fault))
                told(outcomes[-1])
            bench.leader()
            load.stop()
            _finish(bench, load.sent)
        audit.close()
        books = books_of(bench.server.url, load.sent)
        outcomes = [replace(each, words=_words(bench, each, outcomes)) for each in outcomes]
        return Campaign(outcomes, bench.operators, bench.gateways, audit, books, time.monotonic() - begin_s)


# -- one fault


def _one(bench: Bench, fault: Fault) -> Outcome:
    victim = bench.victim(fault)
    time.sleep(random.uniform(0, INTERVAL_S))  # noqa: S311 - anywhere in a tick
    began_s = time.monotonic()
    recovery_s = None
    with broken(bench, fault, victim):
        if fault.kind in LEADERS:
            recovery_s = _well(bench, fault, victim, began_s)
            time.sleep(max(0.0, began_s + fault.hold_s - time.monotonic()) if fault.kind == Kind.LEADER_STOPPED else 0)
        else:
            time.sleep(fault.hold_s)
    mended_s = time.monotonic()
    if fault.kind not in LEADERS:
        recovery_s = _well(bench, fault, victim, mended_s)
    time.sleep(fault.pause_s)
    return Outcome(fault, victim.name, began_s, mended_s, recovery_s)


def _well(bench: Bench, fault: Fault, victim: Operator, since_s: float) -> float | None:
    """Wait until whoever it is about works as it should; return the seconds since then."""
    while time.monotonic() < since_s + PATIENCE_S:
        for each in _about(bench, fault, victim):
            for told in each.since(since_s):
                acts = told.record["acting"] or fault.kind in TELEMETRY or (each.name != "a" and each.name != "b")
                follows = fault.kind in {Kind.FOLLOWER_KILLED, Kind.FOLLOWER_STOPPED}
                if told.is_well and told.began_s > since_s and (acts or follows):
                    return told.at_s - since_s
        time.sleep(POLL_S)
    return None


def _about(bench: Bench, fault: Fault, victim: Operator) -> list[Operator]:
    """Return of whom one has to be well again."""
    if fault.kind in WATCHED:
        return [victim]
    return [
        each for each in (bench.operators["a"], bench.operators["b"]) if fault.kind not in LEADERS or each is not victim
    ]


def _words(bench: Bench, outcome: Outcome, outcomes: list[Outcome]) -> str:
    """Return by which words a fault is seen, before the next one of its kind could be meant."""
    later_s = [each.began_s for each in outcomes if each.fault.kind == outcome.fault.kind]
    until_s = min(
        outcome.mended_s + (outcome.recovery_s or 0.0) + FRESH_S,
        *(began_s for began_s in later_s if began_s > outcome.began_s),
        float("inf"),
    )
    told = {
        name: [one for one in each.since(outcome.began_s) if one.at_s <= until_s]
        for name, each in bench.operators.items()
    }
    others = [one for name, each in told.items() if name != outcome.victim for one in each]
    return seen(outcome.fault.kind, told[outcome.victim], others)


def _finish(bench: Bench, sent: list[str]) -> None:
    until_s = time.monotonic() + FINISH_S
    while not books_of(bench.server.url, sent).balance and time.monotonic() < until_s:
        time.sleep(0.5)
