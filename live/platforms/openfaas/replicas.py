"""One function for all workers: its replicas are set, read back, and watched."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.platform import Roster, WorkerCounts
from live.platforms.openfaas.edition import CE_REPLICAS, deploy_workers
from live.platforms.openfaas.errors import DOUBTFUL, GatewayRejected
from live.platforms.openfaas.gateway import FunctionStatus
from live.platforms.openfaas.pool import LOOK_S, PATIENCE, Deployer, alive, clamped, granted, rejected
from live.platforms.openfaas.worker_function import WorkerFunction

logger = logging.getLogger(__name__)


class ReplicaPool:
    """Workers as replicas of one function.

    Which replica goes when the number is lowered is Kubernetes' choice (those not ready, then the newest); a busy
    one finishes its task. Workers outlive an episode: they register again with the next.
    """

    def __init__(self, deployer: Deployer) -> None:
        self._deployer = deployer
        self._name = deployer.blueprint.worker_name()
        self._lock = threading.Lock()
        self._function = WorkerFunction(self._name, 0, deployer.leaving_s, deployer.clock.now())
        self._ceiling: int | None = None
        self._read_s = deployer.clock.now()
        self._changed_by = ""

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """See ``Platform.begin``.

        Raises:
            BackendError: the platform gives another number of workers, or none.
        """
        if startup_s is not None:
            logger.info("replicas of one function share its settings: their real start-up counts, not farm.startup")
        give_up_s = self._deployer.clock.now() + self._deployer.farm.open_timeout_s
        self._ceiling = None
        outcome = self._change(workers, give_up_s, PATIENCE)
        if outcome.accepted != workers:
            limit = outcome.reason is ScaleReason.CLAMPED_BY_PLATFORM
            remedy = f"; start with 1 to {CE_REPLICAS} (farm.initial_workers), or use live.openfaas.mode functions"
            raise BackendError(
                f"OpenFaaS runs {outcome.accepted} of {workers} workers: {outcome.detail}{remedy if limit else ''}"
            )
        self._wait_for_leavers(workers, give_up_s)
        with self._lock:
            self._function.begin()

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``. No call at all when nothing changes, or at a limit found before."""
        before = self._counts(roster)
        if self._ceiling is not None and min(workers, before.requested) >= self._ceiling:
            return self._at_ceiling(workers)
        if workers == before.requested and not before.stale:
            return granted(workers)
        try:
            return self._change(workers, self._deployer.clock.now() + self._deployer.farm.call_timeout_s)
        except BackendError as error:
            return rejected(workers, self._function.target, error)

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``."""
        with self._lock:
            change, self._changed_by = self._changed_by, ""
        return self._counts(roster, change)

    def observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        """See ``WorkerPool.observe``. A value that may be older than our own change is not believed."""
        found = next((each for each in listing if each.name == self._name), None)
        with self._lock:
            self._read_s = asked_s
            change = self._function.observe(found, asked_s, self._deployer.config.settle_s)
            self._changed_by = change or self._changed_by
            if self._ceiling is not None and self._function.target > self._ceiling:
                self._ceiling = None

    # -- inside

    def _counts(self, roster: Roster, change: str = "") -> WorkerCounts:
        now_s = self._deployer.clock.now()
        with self._lock:
            tally = self._function.tally(alive(roster, self._deployer.farm), now_s)
            stale = ("requested", "starting") if now_s - self._read_s > self._deployer.stale_s else ()
            target = self._function.target
        return WorkerCounts(target, tally.ready, target - tally.ready, tally.draining, tally.busy, stale, change)

    def _change(self, workers: int, give_up_s: float, patience: int = 1) -> ScaleOutcome:
        """Have ``workers`` replicas, or as many as were found to be the limit; judge by what is read back."""
        aim = workers if self._ceiling is None else min(workers, self._ceiling)
        with self._lock:
            given = self._function.target
            self._function.ask(aim)
        try:
            given, trouble = self._ask(aim, give_up_s, patience)
        finally:
            with self._lock:
                self._function.given(given, self._deployer.clock.now())
        return self._judged(workers, aim, given, trouble)

    def _ask(self, aim: int, give_up_s: float, patience: int) -> tuple[int, BackendError | None]:
        """Return the number read back, and what the gateway complained of if it did."""
        gateway, clock = self._deployer.gateway, self._deployer.clock
        if self._function.target == 0 and gateway.function(self._name, give_up_s - clock.now()) is None:
            deploy_workers(self._deployer, give_up_s)
        trouble, status = self._post_and_read(aim, give_up_s, patience)
        if status is None:
            logger.warning("function %s was deleted by somebody else; deploying it again", self._name)
            deploy_workers(self._deployer, give_up_s)
            trouble, status = self._post_and_read(aim, give_up_s, PATIENCE)
        return (status.replicas if status else 0), trouble

    def _post(self, aim: int, give_up_s: float) -> BackendError | None:
        """Ask; return a complaint that does not tell whether it was done."""
        gateway, clock = self._deployer.gateway, self._deployer.clock
        try:
            gateway.scale(self._name, aim, give_up_s - clock.now())
        except GatewayRejected as refusal:
            if aim != 0:
                return refusal
            return self._post(1, give_up_s)  # none at all is not allowed: as few as can be
        except DOUBTFUL as error:
            return error
        return None

    def _post_and_read(
        self, aim: int, give_up_s: float, patience: int
    ) -> tuple[BackendError | None, FunctionStatus | None]:
        trouble = self._post(aim, give_up_s)
        try:
            status = self._deployer.read_back(
                self._name, lambda s: s is not None and s.replicas == aim, give_up_s, patience
            )
        except BackendError as error:
            raise trouble or error from None
        return trouble, status

    def _judged(self, workers: int, aim: int, given: int, trouble: BackendError | None) -> ScaleOutcome:
        if given == workers:
            return granted(workers)
        if trouble is not None and given != aim:
            return rejected(workers, given, trouble)
        if given > workers:
            return clamped(workers, given, f"OpenFaaS keeps {given} replicas of {self._name}; fewer are not allowed")
        self._ceiling = given
        return self._at_ceiling(workers)

    def _at_ceiling(self, workers: int) -> ScaleOutcome:
        given = self._function.target
        if workers == given:
            return granted(workers)
        why = "; the Community Edition stops there" if given == CE_REPLICAS else ""
        return clamped(workers, given, f"OpenFaaS gave {given} of {workers} replicas of {self._name}{why}")

    def _wait_for_leavers(self, workers: int, give_up_s: float) -> None:
        """Wait until no more than ``workers`` are available: the others have been change to leave."""
        clock = self._deployer.clock
        while clock.now() < give_up_s:
            status = self._deployer.gateway.function(self._name, give_up_s - clock.now())
            if status is None or status.available <= workers:
                return
            clock.sleep(LOOK_S)
