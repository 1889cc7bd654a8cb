"""Workers spread over functions: one each while there may be more functions, further ones as replicas (CE)."""

from __future__ import annotations

import itertools
import logging
import math
import threading
from collections.abc import Iterator, Sequence

from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.platform import Roster, WorkerCounts, WorkerRecord
from live.platforms.openfaas.deployment import function_of
from live.platforms.openfaas.edition import CE_FUNCTIONS, CE_REPLICAS
from live.platforms.openfaas.errors import DOUBTFUL, GatewayRejected
from live.platforms.openfaas.gateway import FunctionStatus
from live.platforms.openfaas.pool import LOOK_S, PATIENCE, Deployer, alive, clamped, granted, rejected
from live.platforms.openfaas.spread import filled, staff, thinned
from live.platforms.openfaas.worker_function import WorkerFunction

logger = logging.getLogger(__name__)


class FunctionPool:
    """Workers as functions, of one replica each until the edition refuses another function; then of up to 5.

    Functions outlive an episode: their workers register again with the next. A number is used once.
    """

    def __init__(self, deployer: Deployer) -> None:
        self._deployer = deployer
        self._lock = threading.Lock()
        self._deployed: dict[str, WorkerFunction] = {}
        self._leaving: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._startup: Iterator[float] | None = None
        self._read_s = deployer.clock.now()
        self._in_namespace = 0
        self._counted_s = -math.inf
        self._limited = False
        self._changed_by: list[str] = []

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """See ``Platform.begin``.

        Raises:
            BackendError: the platform gives another number of workers.
        """
        asked_s, within_s = self._deployer.clock.now(), self._deployer.farm.open_timeout_s
        self._startup, self._limited = None, False
        self.observe(self._deployer.gateway.functions(within_s), asked_s)
        outcome = self._change(workers, (), asked_s + within_s, PATIENCE)
        self._startup = startup_s
        if outcome.accepted != workers:
            limit = outcome.reason is ScaleReason.CLAMPED_BY_PLATFORM
            remedy = "; start with fewer (farm.initial_workers), or delete other functions" if limit else ""
            raise BackendError(f"OpenFaaS runs {outcome.accepted} of {workers} workers: {outcome.detail}{remedy}")
        self._wait_for_leavers(asked_s + within_s)

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``. One call for each function that is added, resized or removed, none to keep."""
        self._counts(roster)
        return self._change(workers, roster, self._deployer.clock.now() + self._deployer.farm.call_timeout_s)

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``."""
        with self._lock:
            changes, self._changed_by = "; ".join(self._changed_by), []
        return self._counts(roster, changes)

    def observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        """See ``WorkerPool.observe``: functions gone, resized, and come, without our doing."""
        listed = {each.name: each for each in self._deployer.blueprint.ours(listing, "worker")}
        settled_s = asked_s - self._deployer.config.settle_s
        with self._lock:
            self._read_s = asked_s
            if self._counted_s <= settled_s:  # an older listing does not know what we added and removed since
                self._in_namespace = len(listing)
            for function in list(self._deployed.values()):
                self._note(function.observe(listed.get(function.name), asked_s, self._deployer.config.settle_s))
                if function.target == 0 and not function.changing:
                    del self._deployed[function.name]
            for name in sorted(listed.keys() - self._deployed.keys() - self._leaving.keys()):
                self._adopt(listed[name], asked_s)
            for name in [n for n, since_s in self._leaving.items() if n not in listed and since_s <= settled_s]:
                del self._leaving[name]

    # -- inside: what is known

    def _counts(self, roster: Roster, changes: str = "") -> WorkerCounts:
        now_s = self._deployer.clock.now()
        theirs = _by_function(alive(roster, self._deployer.farm))
        with self._lock:
            counted = [
                function.tally(tuple(theirs.pop(function.name, ())), now_s) for function in self._deployed.values()
            ]
            requested = sum(function.target for function in self._deployed.values())
            stale = ("requested", "starting") if now_s - self._read_s > self._deployer.stale_s else ()
        strays = sum(record.task is not None for records in theirs.values() for record in records)
        ready, draining = sum(each.ready for each in counted), sum(each.draining for each in counted)
        busy = sum(each.busy for each in counted)
        return WorkerCounts(requested, ready, requested - ready, draining + strays, busy, stale, changes)

    def _note(self, what: str) -> None:
        if what:
            self._changed_by.append(what)

    def _adopt(self, status: FunctionStatus, now_s: float) -> None:
        """Count a worker function that we did not know of (deployed late, or by somebody else) as ours."""
        tail = status.name.rpartition("-")[2]
        function = WorkerFunction(status.name, int(tail) if tail.isdecimal() else 0, self._deployer.leaving_s, now_s)
        function.ask(status.replicas)
        function.given(status.replicas, now_s)
        self._deployed[status.name] = function
        self._note(f"function {status.name} has turned up with {status.replicas} replicas")

    def _aim(self) -> int:
        return sum(function.aim for function in self._known().values())

    def _known(self) -> dict[str, WorkerFunction]:
        """Return the functions of this instant: the watch's thread may strike some out, or add some."""
        with self._lock:
            return dict(self._deployed)

    # -- inside: what is done

    def _change(self, workers: int, roster: Roster, give_up_s: float, patience: int = 1) -> ScaleOutcome:
        """Ask for what is missing or too much, and read back; go on after trouble as long as something comes of it."""
        while True:
            before = self._aim()
            trouble = self._attempt(workers, roster, give_up_s, patience)
            if trouble is None or self._aim() in {workers, before}:
                return self._judged(workers, trouble)

    def _attempt(self, workers: int, roster: Roster, give_up_s: float, patience: int) -> BackendError | None:
        trouble: BackendError | None = None
        try:
            self._grow(workers, give_up_s)
            self._shrink(workers, roster, give_up_s)
        except BackendError as error:
            trouble = error
        try:
            self._read_back(give_up_s, patience)
        except BackendError as error:
            trouble = trouble or error
        return trouble

    def _grow(self, workers: int, give_up_s: float) -> None:
        while self._aim() < workers and not (self._limited and self._in_namespace >= CE_FUNCTIONS):
            self._add(give_up_s)
        functions = self._known()
        sizes = {name: function.aim for name, function in functions.items()}
        for name, replicas in filled(sizes, workers - self._aim(), CE_REPLICAS).items():
            self._resize(functions[name], replicas, give_up_s)

    def _shrink(self, workers: int, roster: Roster, give_up_s: float) -> None:
        functions, theirs = self._known(), _by_function(alive(roster, self._deployer.farm))
        staffs = [staff(c.name, c.number, c.aim, tuple(theirs.get(c.name, ()))) for c in functions.values()]
        for name, replicas in thinned(staffs, sum(c.aim for c in functions.values()) - workers).items():
            if replicas:
                self._resize(functions[name], replicas, give_up_s)
            else:
                self._remove(functions[name], give_up_s)

    def _add(self, give_up_s: float) -> None:
        delay_s = next(self._startup) if self._startup is not None else 0.0
        number, clock = next(self._numbers), self._deployer.clock
        deployment = self._deployer.blueprint.worker(number, scale_max=CE_REPLICAS, startup_s=delay_s)
        function = WorkerFunction(str(deployment["service"]), number, self._deployer.leaving_s, clock.now())
        function.ask(1)
        with self._lock:
            self._deployed[function.name] = function
        try:
            self._deployer.gateway.deploy(deployment, give_up_s - clock.now())
        except DOUBTFUL:
            raise  # reading back tells
        except BackendError as refusal:
            with self._lock:
                del self._deployed[function.name]
            self._keep(delay_s)
            self._found_limit(refusal)
            return
        function.accepted = True
        self._count(self._in_namespace + 1)

    def _count(self, functions: int) -> None:
        """Remember how many functions there are after something we did, until a listing can know it."""
        with self._lock:
            self._in_namespace, self._counted_s = functions, self._deployer.clock.now()

    def _keep(self, delay_s: float) -> None:
        """Keep the start-up delay of a worker that was not started: the next one has it."""
        if self._startup is not None:
            self._startup = itertools.chain([delay_s], self._startup)

    def _found_limit(self, refusal: BackendError) -> None:
        """Remember a refusal at the edition's number of functions; any other one says itself what is wrong."""
        at_limit = self._in_namespace >= CE_FUNCTIONS or "maximum" in str(refusal)
        if not (isinstance(refusal, GatewayRejected) and at_limit):
            raise refusal
        if (
            self._in_namespace < CE_FUNCTIONS
            and self._deployer.clock.now() < self._counted_s + self._deployer.config.settle_s
        ):
            self._deployer.clock.sleep(LOOK_S)  # the provider still counts what we have just deleted: ask again
            return
        if not self._limited:
            logger.info("no more functions are allowed: further workers are replicas of those there are")
        self._limited = True
        self._count(max(self._in_namespace, CE_FUNCTIONS))

    def _resize(self, function: WorkerFunction, replicas: int, give_up_s: float) -> None:
        function.ask(replicas)
        self._deployer.gateway.scale(function.name, replicas, give_up_s - self._deployer.clock.now())

    def _remove(self, function: WorkerFunction, give_up_s: float) -> None:
        before = function.target
        function.ask(0)
        try:
            self._deployer.gateway.delete(function.name, give_up_s - self._deployer.clock.now())
        except BackendError:
            function.given(before, self._deployer.clock.now())  # a function stays listed while its workers finish
            raise
        with self._lock:
            del self._deployed[function.name]
            self._leaving[function.name] = self._deployer.clock.now()
        self._count(max(0, self._in_namespace - 1))

    def _read_back(self, give_up_s: float, patience: int) -> None:
        """Settle what was asked for: by what is listed, or, where that cannot be had, as it was before."""
        asked = {function.name: function.wanted for function in self._known().values() if function.changing}
        if not asked:
            return
        sizes: dict[str, int] | None = None
        try:
            sizes = self._deployer.read_all(lambda found: asked.items() <= found.items(), give_up_s, patience)
        finally:
            with self._lock:
                self._settle(asked, sizes)

    def _settle(self, asked: dict[str, int], sizes: dict[str, int] | None) -> None:
        now_s = self._deployer.clock.now()
        for name in asked:
            function = self._deployed[name]
            believed = 1 if function.accepted and function.target == 0 else function.target
            function.given(believed if sizes is None else sizes.get(name, believed), now_s)
            if function.target == 0:
                del self._deployed[name]

    def _judged(self, workers: int, trouble: BackendError | None) -> ScaleOutcome:
        given = self._aim()
        if given == workers:
            return granted(workers)
        if trouble is not None:
            return rejected(workers, given, trouble)
        why = (
            f": the Community Edition stops at {CE_FUNCTIONS} functions of {CE_REPLICAS} replicas, "
            "and emitter, collector and the functions of others count"
        )
        detail = f"OpenFaaS runs {given} of {workers} workers{why if self._limited else ''}"
        return clamped(workers, given, detail)

    def _wait_for_leavers(self, give_up_s: float) -> None:
        """Wait until no function has more available than wanted: the others have been told to leave."""
        clock = self._deployer.clock
        while clock.now() < give_up_s:
            listing = self._deployer.gateway.functions(give_up_s - clock.now())
            available = {each.name: each.available for each in listing}
            if all(available.get(function.name, 0) <= function.target for function in self._known().values()):
                break
            clock.sleep(LOOK_S)
        for function in self._known().values():
            function.begin()


def _by_function(roster: Roster) -> dict[str, list[WorkerRecord]]:
    theirs: dict[str, list[WorkerRecord]] = {}
    for record in roster:
        theirs.setdefault(function_of(record.name), []).append(record)
    return theirs
