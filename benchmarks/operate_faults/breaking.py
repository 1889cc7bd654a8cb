"""How each fault is made, and mended; and who is hit by it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.operate_faults.books import TaskServer
from benchmarks.operate_faults.faults import Fault, Kind
from benchmarks.operate_faults.gateway import Gateway
from benchmarks.operate_faults.operators import Operator
from benchmarks.operate_faults.place import Place
from benchmarks.operate_faults.policy import HANGS, NAN, RAISES
from benchmarks.operate_faults.telemetry import Exporter, PrometheusServer
from tests.waiting import until

MOODS = {Kind.POLICY_RAISES: RAISES, Kind.POLICY_HANGS: HANGS, Kind.POLICY_NAN: NAN}
KILLS = {Kind.LEADER_KILLED, Kind.FOLLOWER_KILLED}
STOPS = {Kind.LEADER_STOPPED, Kind.FOLLOWER_STOPPED}
LEADERS = {Kind.LEADER_KILLED, Kind.LEADER_STOPPED}
#: Only who reads Prometheus is hit by these.
TELEMETRY = {Kind.EXPORTER_FROZEN, Kind.EXPORTER_AWAY, Kind.PROMETHEUS_STOPPED, Kind.EXPORTER_RESET}
#: A record says who leads; one older than this says nothing of now.
FRESH_S = 3.0
LEAST, MOST = 1, 8


@dataclass(frozen=True, slots=True)
class Bench:
    """All that can be broken.

    Attributes:
        place: the Deployment.
        server: of the queue.
        operators: the controllers by name: ``a`` and ``b`` act, ``shadow`` watches, ``watch`` watches Prometheus.
        gateways: theirs.
        exporter: asked by Prometheus; None: there is no Prometheus.
        prometheus: likewise.
        api_server: process of the API server; 0: it is not to be stopped.
    """

    place: Place
    server: TaskServer
    operators: dict[str, Operator]
    gateways: dict[str, Gateway]
    exporter: Exporter | None = None
    prometheus: PrometheusServer | None = None
    api_server: int = 0

    def leader(self) -> Operator:
        """Return who leads and acts, once there is somebody."""
        return until(self._leading, "one of the controllers acts", within_s=45.0)

    def follower(self) -> Operator:
        """Return who does not, once both are there."""
        leader = self.leader()
        other = self.operators["b" if leader.name == "a" else "a"]
        until(lambda: other.is_up and _fresh(other), "the other controller watches", within_s=45.0)
        return other

    def victim(self, fault: Fault) -> Operator:
        """Return who is hit first."""
        if fault.kind in TELEMETRY:
            return self.operators["watch"]
        leader, follower = self.leader(), self.follower()
        return follower if fault.kind in {Kind.FOLLOWER_KILLED, Kind.FOLLOWER_STOPPED} else leader

    def _leading(self) -> Operator | None:
        acting = [
            each
            for each in (self.operators["a"], self.operators["b"])
            if _fresh(each) and each.told[-1].record["acting"]
        ]
        return acting[0] if len(acting) == 1 else None


def _fresh(operator: Operator) -> bool:
    told = operator.told[-1] if operator.told else None
    return told is not None and told.is_tick and time.monotonic() - told.at_s < FRESH_S


@contextmanager
def broken(bench: Bench, fault: Fault, victim: Operator) -> Iterator[None]:
    """Make a fault, and mend it in the end; a fault that is over at once needs no mending."""
    kind = fault.kind
    if kind in KILLS:
        victim.kill()
        yield
        victim.start()
    elif kind in STOPS:
        victim.halt()
        yield
        victim.go_on()
    elif kind in MOODS:
        for each in bench.operators.values():
            each.mood(MOODS[kind])
        yield
        for each in bench.operators.values():
            each.mood("")
    elif kind in {Kind.CLOCK_FORWARD, Kind.CLOCK_BACK}:
        victim.set_clock(fault.amount)
        yield
    elif kind == Kind.LEASE_DELETED:
        bench.place.delete_lease()
        yield
    elif kind == Kind.PERSON:
        now = bench.place.workers()
        bench.place.scale_by_hand(LEAST + (now - LEAST + int(fault.amount)) % (MOST - LEAST + 1))
        yield
    else:
        with _services(bench, kind):
            yield


@contextmanager
def _services(bench: Bench, kind: Kind) -> Iterator[None]:
    """Break what the controllers depend on."""
    exporter, prometheus = bench.exporter, bench.prometheus
    ways = {
        Kind.API_CUT: (lambda: _each(bench, Gateway.cut), lambda: _each(bench, Gateway.mend)),
        Kind.API_SILENT: (lambda: _each(bench, Gateway.swallow), lambda: _each(bench, Gateway.mend)),
        Kind.API_STOPPED: (
            lambda: os.kill(bench.api_server, signal.SIGSTOP),
            lambda: os.kill(bench.api_server, signal.SIGCONT),
        ),
        Kind.REDIS_KILLED: (bench.server.kill, bench.server.start),
        Kind.REDIS_STOPPED: (bench.server.halt, bench.server.go_on),
        Kind.REDIS_RESET: (bench.server.forget_counts, lambda: None),
        Kind.REDIS_JUMP: (bench.server.overcount, lambda: None),
    }
    if exporter is not None and prometheus is not None:
        ways |= {
            Kind.EXPORTER_FROZEN: (lambda: exporter.freeze(True), lambda: exporter.freeze(False)),
            Kind.EXPORTER_AWAY: (lambda: exporter.leave(True), lambda: exporter.leave(False)),
            Kind.PROMETHEUS_STOPPED: (prometheus.halt, prometheus.go_on),
            Kind.EXPORTER_RESET: (exporter.begin_anew, lambda: None),
        }
    broke, mend = ways[kind]
    broke()
    try:
        yield
    finally:
        mend()


def _each(bench: Bench, act: Callable[[Gateway], None]) -> None:
    for gateway in bench.gateways.values():
        act(gateway)


def api_server_of(cluster: Path | None) -> int:
    """Return the process of the API server of a test cluster's folder; 0: none is given."""
    return int((cluster / "run/kube-apiserver.pid").read_text("utf-8")) if cluster else 0
