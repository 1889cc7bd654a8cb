"""One function per worker: deployed and deleted, so that who leaves is ours to choose (Community Edition)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autoscaling_env.errors import BackendError
from autoscaling_env.types import ScaleOutcome
from live.platform import Roster, WorkerCounts, WorkerRecord
from live.platforms.local import LocalWorker, removal_order
from live.platforms.openfaas_deployment import function_of
from live.platforms.openfaas_edition import CE_FUNCTIONS, deploy
from live.platforms.openfaas_errors import GatewayRejected
from live.platforms.openfaas_gateway import FunctionStatus
from live.platforms.openfaas_pool import Shop, clamped, granted, rejected


@dataclass(frozen=True, slots=True)
class Member:
    """A worker function of ours. ``since_s``: when we deployed or found it, by the clock."""

    name: str
    number: int
    since_s: float


class FunctionPool:
    """Workers as functions of one replica each.

    Functions outlive an episode: their workers register again with the next. A number is used once.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self._members: dict[str, Member] = {}
        self._leaving: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._startup: Iterator[float] | None = None
        self._read_s = shop.clock.now()
        self._in_namespace = 0
        self._changed_by: list[str] = []

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """See ``Platform.begin``.

        Raises:
            BackendError: the platform gives another number of workers.
        """
        self._startup = None
        self.observe(self._shop.gateway.functions(self._shop.farm.open_timeout_s), self._shop.clock.now())
        outcome = self._change(workers, (), self._shop.clock.now() + self._shop.farm.open_timeout_s)
        self._startup = startup_s
        if outcome.accepted != workers:
            raise BackendError(
                f"OpenFaaS runs {outcome.accepted} of {workers} workers: {outcome.detail}; start with fewer "
                "(farm.initial_workers), or delete other functions"
            )

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``. One call for each worker that is added or removed, none to keep."""
        give_up_s = self._shop.clock.now() + self._shop.farm.call_timeout_s
        by_function = tuple(replace(record, name=function_of(record.name)) for record in roster)
        return self._change(workers, by_function, give_up_s)

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``."""
        now_s = self._shop.clock.now()
        lease_s = self._shop.farm.functions.lease_s
        alive = [(function_of(each.name), each) for each in roster if each.heartbeat_age_s <= lease_s]
        with self._lock:
            ready = {name for name, _ in alive if name in self._members}
            busy = {name for name, each in alive if name in ready and each.task is not None}
            draining = {name for name, each in alive if name not in ready and each.task is not None}
            stale = ("requested", "starting") if now_s - self._read_s > self._shop.stale_s else ()
            told, self._changed_by = "; ".join(self._changed_by), []
            requested = len(self._members)
            return WorkerCounts(requested, len(ready), requested - len(ready), len(draining), len(busy), stale, told)

    def observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        """See ``WorkerPool.observe``: functions gone, and functions come, without our doing."""
        listed = {each.name for each in self._shop.blueprint.ours(listing, "worker")}
        settled_s = asked_s - self._shop.config.settle_s
        with self._lock:
            self._read_s, self._in_namespace = asked_s, len(listing)
            for member in [m for m in self._members.values() if m.name not in listed and m.since_s <= settled_s]:
                del self._members[member.name]
                self._changed_by.append(f"function {member.name} was deleted by somebody else")
            for name in sorted(listed - self._members.keys() - self._leaving.keys()):
                self._adopt(name, asked_s)
            for name in [n for n, since_s in self._leaving.items() if n not in listed and since_s <= settled_s]:
                del self._leaving[name]

    # -- inside

    def _adopt(self, name: str, now_s: float) -> None:
        """A worker function we did not know of (its deployment came late, or somebody made it) counts as ours."""
        tail = name.rpartition("-")[2]
        self._members[name] = Member(name, int(tail) if tail.isdecimal() else 0, now_s)
        self._changed_by.append(f"function {name} has turned up")

    def _change(self, workers: int, roster: Roster, give_up_s: float) -> ScaleOutcome:
        with self._lock:
            order = [LocalWorker(member.name, member.number) for member in self._members.values()]
        try:
            for _ in range(workers - len(order)):
                self._add(give_up_s)
            for worker in removal_order(order, _one_each(roster))[: max(0, len(order) - workers)]:
                self._remove(worker.name, give_up_s)
        except GatewayRejected as refusal:
            return self._refused(workers, refusal)
        except BackendError as trouble:
            return rejected(workers, len(self._members), trouble)
        return granted(workers)

    def _add(self, give_up_s: float) -> None:
        delay_s = next(self._startup) if self._startup is not None else 0.0
        number = next(self._numbers)
        deployment = self._shop.blueprint.worker(number, startup_s=delay_s)
        name = str(deployment["service"])
        with self._lock:
            self._members[name] = Member(name, number, self._shop.clock.now() + self._shop.farm.call_timeout_s)
        try:
            deploy(self._shop, deployment, give_up_s)
        except BackendError:
            with self._lock:
                del self._members[name]
            raise
        with self._lock:
            self._members[name] = Member(name, number, self._shop.clock.now())
            self._in_namespace += 1

    def _remove(self, name: str, give_up_s: float) -> None:
        self._shop.gateway.delete(name, give_up_s - self._shop.clock.now())
        with self._lock:
            self._members.pop(name, None)
            self._leaving[name] = self._shop.clock.now()

    def _refused(self, workers: int, refusal: GatewayRejected) -> ScaleOutcome:
        """A refusal at the edition's number of functions is a clamp; any other one says itself what is wrong."""
        given = len(self._members)
        if self._in_namespace >= CE_FUNCTIONS or "maximum" in str(refusal):
            detail = (
                f"OpenFaaS runs {given} of {workers} workers: the Community Edition stops at {CE_FUNCTIONS} functions, "
                f"and emitter, collector and those of others count"
            )
            return clamped(workers, given, detail)
        return rejected(workers, given, refusal)


def _one_each(roster: Roster) -> Roster:
    """Keep one record a function: the one that holds a task, if a replica was replaced a moment ago."""
    kept: dict[str, WorkerRecord] = {}
    for record in roster:
        if record.name not in kept or record.task is not None:
            kept[record.name] = record
    return tuple(kept.values())
