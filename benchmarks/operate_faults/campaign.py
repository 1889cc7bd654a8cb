"""The campaign: everything is put together, broken fault by fault, and what came of it is kept."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.operate_faults.audit import Audit
from benchmarks.operate_faults.books import QUEUE, WORK_S, Books, Load, TaskServer, books_of
from benchmarks.operate_faults.breaking import FRESH_S, LEADERS, LEAST, MOST, TELEMETRY, Bench, broken
from benchmarks.operate_faults.faults import Fault, Kind
from benchmarks.operate_faults.gateway import Gateway
from benchmarks.operate_faults.operators import Operator, Tailing
from benchmarks.operate_faults.place import LEASE, Place, a_place, gateways, target_of
from benchmarks.operate_faults.signs import seen
from benchmarks.operate_faults.telemetry import QUERIES, Exporter, PrometheusServer

INTERVAL_S, HANDS_OFF_S = 1.0, 6.0
#: A controller has so long to be well again after a fault, and workers to finish what is there in the end.
PATIENCE_S, FINISH_S = 60.0, 90.0
POLL_S = 0.05
FALLBACK = {"agents.hpa.sync_period_s": 2, "agents.hpa.scrape_interval_s": 1}


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
        bench, audit = stack.enter_context(_bench(folder, image, api_server, telemetry))
        load = Load(bench.server.url, seed)
        load.start()
        outcomes = []
        with _running(bench):
            for fault in faults:
                outcomes.append(_one(bench, fault))
                told(outcomes[-1])
            bench.leader()
            load.stop()
            _finish(bench, load.sent)
        audit.close()
        books = books_of(bench.server.url, load.sent)
        outcomes = [replace(each, words=_words(bench, each)) for each in outcomes]
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
    if fault.kind in TELEMETRY or fault.kind in {Kind.FOLLOWER_KILLED, Kind.FOLLOWER_STOPPED}:
        return [victim]
    return [
        each for each in (bench.operators["a"], bench.operators["b"]) if fault.kind not in LEADERS or each is not victim
    ]


def _words(bench: Bench, outcome: Outcome) -> str:
    """Return by which words a fault is seen; a person's change may be told when the next reading succeeds."""
    until_s = outcome.mended_s + (outcome.recovery_s or 0.0) + FRESH_S
    found = {
        name: [
            told
            for told in each.since(outcome.began_s)
            if told.at_s <= until_s or (name == outcome.victim and told.at_s <= until_s + 15)
        ]
        for name, each in bench.operators.items()
    }
    others = [told for name, each in found.items() if name != outcome.victim for told in each]
    return seen(outcome.fault.kind, found[outcome.victim], others)


# -- what is there


@contextmanager
def _bench(folder: Path, image: str, api_server: int, telemetry: bool) -> Iterator[tuple[Bench, Audit]]:
    names = ["a", "b", "shadow", *(["watch"] if telemetry else [])]
    with ExitStack() as stack:
        server = TaskServer()
        stack.callback(server.stop)
        exporter = prometheus = None
        if telemetry:
            exporter = Exporter(server.url)
            stack.callback(exporter.close)
            prometheus = PrometheusServer(folder, exporter.port)
            stack.callback(prometheus.close)
        address = server.pods_url.removeprefix("redis://").partition("/")[0]
        place = stack.enter_context(a_place(address, image))
        audit = Audit(place)
        stack.callback(audit.close)
        gates = stack.enter_context(gateways(place, names, folder))
        sources = {name: _redis(server) for name in names}
        if prometheus is not None:
            sources["watch"] = {"kind": "prometheus", "url": prometheus.url, "queries": QUERIES}
        operators = {name: Operator(name, folder / name, _config(place, folder, name, sources[name])) for name in names}
        yield Bench(place, server, operators, gates, exporter, prometheus, api_server), audit


@contextmanager
def _running(bench: Bench) -> Iterator[None]:
    tailing = Tailing([each.tail for each in bench.operators.values()])
    tailing.start()
    try:
        for each in bench.operators.values():
            each.start()
        bench.follower()
        yield
    finally:
        for each in bench.operators.values():
            each.end()
        tailing.stop()


def _finish(bench: Bench, sent: list[str]) -> None:
    until_s = time.monotonic() + FINISH_S
    while not books_of(bench.server.url, sent).balance and time.monotonic() < until_s:
        time.sleep(0.5)


def _redis(server: TaskServer) -> dict[str, Any]:
    return {
        "kind": "redis_list",
        "url": server.url,
        "key": QUEUE,
        "processing_keys": [f"{QUEUE}:held"],
        "arrived_key": f"{QUEUE}:came",
        "completed_key": f"{QUEUE}:done",
    }


def _config(place: Place, folder: Path, name: str, source: dict[str, Any]) -> dict[str, Any]:
    """Return a controller's configuration: times of minutes are made seconds, as ticks of 8 s are made 1 s."""
    acts = name in {"a", "b"}
    return {
        "source": source,
        "target": target_of(place, folder / f"{name}.kubeconfig"),
        "policy": "benchmarks.operate_faults.policy:Moody",
        "objective": {"finish_within": "5s", "share": 0.9, "window": "60s"},
        "bounds": {"min": LEAST, "max": MOST},
        "tasks": {"service_time": WORK_S, "variation": 0.5},
        "workers": {"startup_time": 2.0},
        "interval": INTERVAL_S,
        "observation_window": 5.0,
        "period": 3600.0,
        "mode": "act" if acts else "shadow",
        "lease": LEASE if acts else "",
        "guardrails": {
            "decide_within": 0.4, "scale_in_cooldown": 3.0, "stale_after": 4.0, "hands_off": HANDS_OFF_S,
            "change_per_tick": 3, "fallback_settings": FALLBACK,
            "watchdog": {"factor": 2.0, "window": 30.0, "pause": 10.0},
        },
        "page": {"port": 0},
    }  # fmt: skip
