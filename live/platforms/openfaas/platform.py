"""Workers as OpenFaaS functions, by way of the gateway."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.clock import Clock
from live.platform import Departure, FarmSpec, Roster, WorkerCounts
from live.platforms.openfaas.deployment import Blueprint
from live.platforms.openfaas.edition import CE_REPLICAS, Edition, find_edition
from live.platforms.openfaas.functions import FunctionPool
from live.platforms.openfaas.gateway import FunctionStatus, Gateway
from live.platforms.openfaas.poller import GatewayPoller
from live.platforms.openfaas.pool import Deployer, WorkerPool, clamped
from live.platforms.openfaas.replicas import ReplicaPool
from live.platforms.openfaas.services import Progress, Services, remove_all

logger = logging.getLogger(__name__)


class OpenFaaSPlatform:
    """Starts, counts and removes workers through the gateway. See ``live.platform.Platform``.

    An outage of the gateway does not end an episode: emitter, workers and collector work on, counts that cannot be
    read are marked stale, and a scaling request is answered ``rejected`` with the reason.

    Args:
        config: where the gateway is, and how workers are laid out.
        clock: real time.
        progress: told how many of emitter and collector are ready while ``open`` waits.
    """

    name = "openfaas"

    def __init__(self, config: OpenFaasConfig, clock: Clock | None = None, *, progress: Progress | None = None) -> None:
        self._config = config
        self.gateway = Gateway(config, clock)
        self._progress = progress
        self._deployer: Deployer | None = None
        self._watch: GatewayPoller | None = None
        self._pool: WorkerPool | None = None
        self._overturned = ""
        self._closed = False

    def open(self, farm: FarmSpec) -> None:
        """Remove what a killed run left, then deploy emitter and collector. The farm must be the caller's already.

        Raises:
            BackendError: the gateway cannot be used, or they do not start.
            InputError: the configuration cannot be used.
        """
        blueprint = Blueprint(farm, self._config, uuid.uuid4().hex[:12])
        deployer = Deployer(self.gateway, blueprint, self._config, farm)
        left = remove_all(self.gateway, deployer.blueprint.farm, farm.open_timeout_s)
        if left:
            logger.warning("removed what an earlier run left: %s", ", ".join(left))
        self._deployer = deployer
        services = Services(deployer)
        services.start(self._progress)
        self._watch = GatewayPoller(self.gateway, self._config.poll_s, self._observe, services.observe)
        self._watch.start()

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """See ``Platform.begin``; the first one settles which mode is used.

        Raises:
            BackendError: the platform gives another number of workers.
        """
        if self._pool is None:
            self._pool = self._choose()
        self._pool.begin(workers, startup_s)
        self._pool.counts(())  # what others did before it is no news of this episode
        self._overturned = ""

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``. That somebody else has overturned an earlier request is told with this one."""
        outcome = self._running().scale_to(workers, roster)
        overturned, self._overturned = self._overturned, ""
        if overturned and outcome.reason is ScaleReason.OK:
            return clamped(workers, outcome.accepted, overturned)
        return outcome

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``."""
        counts = self._running().counts(roster)
        self._overturned = "; ".join(filter(None, (self._overturned, counts.changed_by)))
        return counts

    def departures(self) -> tuple[Departure, ...]:
        """Return nothing: the gateway does not tell of replicas that died. Their leases end."""
        return ()

    def close(self) -> None:
        """Remove all functions this object deployed. What cannot be removed is named in an error of the log."""
        if self._closed:
            return
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        try:
            if self._deployer is not None:
                mine = self._deployer.blueprint
                remove_all(self.gateway, mine.farm, self._deployer.farm.open_timeout_s, mine.run)
        except BackendError as error:
            logger.error("functions were left behind: %s; run `autoscale farm down --backend openfaas`", error)  # noqa: TRY400 - one line
        finally:
            self.gateway.close()

    def leave(self) -> None:
        """Look no more and let everything run on; the next ``open`` of this farm, or ``farm down``, removes it."""
        self._closed = True
        if self._watch is not None:
            self._watch.close()
        self.gateway.close()

    @property
    def mode(self) -> str:
        """``replicas`` or ``functions``; empty before the first episode."""
        return {ReplicaPool: "replicas", FunctionPool: "functions"}.get(type(self._pool), "")

    def _choose(self) -> WorkerPool:
        if self._deployer is None:
            raise BackendError("the platform is not open")
        if self._config.mode == "functions" or (self._config.mode == "auto" and self._needs_functions(self._deployer)):
            return FunctionPool(self._deployer)
        return ReplicaPool(self._deployer)

    def _needs_functions(self, deployer: Deployer) -> bool:
        """Only the Community Edition, and only above its 5 replicas."""
        if deployer.farm.max_workers <= CE_REPLICAS:
            return False
        return find_edition(deployer, deployer.clock.now() + deployer.farm.open_timeout_s) is Edition.COMMUNITY

    def _observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        if self._pool is not None:
            self._pool.observe(listing, asked_s)

    def _running(self) -> WorkerPool:
        if self._pool is None:
            raise BackendError("no episode has begun")
        return self._pool
