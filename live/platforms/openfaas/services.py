"""Emitter and collector as functions: deployed, waited for, brought back when somebody deletes them, removed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from autoscaling_env.errors import BackendError
from live.platforms.openfaas.deployment import SERVICES, ours, trials
from live.platforms.openfaas.edition import deploy
from live.platforms.openfaas.gateway import FunctionStatus, Gateway
from live.platforms.openfaas.pool import Deployer

logger = logging.getLogger(__name__)

#: Real seconds between looks while waiting.
LOOK_S = 0.1
#: Told with (functions ready, functions in all) while waiting.
Progress = Callable[[int, int], None]


class Services:
    """The one emitter and the one collector of a farm."""

    def __init__(self, deployer: Deployer) -> None:
        self._deployer = deployer
        self._since_s = deployer.clock.now()

    def start(self, progress: Progress | None = None) -> None:
        """Deploy both and wait until both are ready.

        Raises:
            BackendError: they are not within ``open_timeout_s``.
        """
        give_up_s = self._deployer.clock.now() + self._deployer.farm.open_timeout_s
        for role in SERVICES:
            deploy(self._deployer, self._deployer.blueprint.service(role), give_up_s)
        waiting = self._waiting(give_up_s)
        while waiting:
            if progress is not None:
                progress(len(SERVICES) - len(waiting), len(SERVICES))
            if self._deployer.clock.now() > give_up_s:
                raise BackendError(self._not_ready(waiting))
            self._deployer.clock.sleep(LOOK_S)
            waiting = self._waiting(give_up_s)
        self._since_s = self._deployer.clock.now()

    def observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        """Deploy anew what has vanished; called by the watch, in its thread."""
        if asked_s < self._since_s + self._deployer.config.settle_s:
            return
        listed = {each.name for each in listing}
        for role in SERVICES:
            deployment = self._deployer.blueprint.service(role)
            if deployment["service"] not in listed:
                logger.warning("function %s was deleted by somebody else; deploying it again", deployment["service"])
                self._since_s = self._deployer.clock.now()
                deploy(self._deployer, deployment, self._since_s + self._deployer.farm.call_timeout_s)

    def _waiting(self, give_up_s: float) -> list[str]:
        """Return the names of those that are not ready."""
        listing = self._deployer.gateway.functions(give_up_s + 1.0 - self._deployer.clock.now())
        ready = {each.name for each in listing if each.available}
        names = [str(self._deployer.blueprint.service(role)["service"]) for role in SERVICES]
        return [name for name in names if name not in ready]

    def _not_ready(self, names: list[str]) -> str:
        return (
            f"{' and '.join(names)} not ready after {self._deployer.farm.open_timeout_s:g} s; can the cluster pull "
            f"{self._deployer.config.image!r}, and reach Redis? "
            f"`kubectl -n {self._deployer.config.namespace} describe pod -l faas_function={names[0]}` tells"
        )


def remove_all(gateway: Gateway, farm: str, within_s: float, run: str = "") -> tuple[str, ...]:
    """Delete every function that carries the labels of ``farm``; return their names.

    Those that trials of the farm left are among them, unless one run of it is meant. Waits until none is listed.

    Raises:
        BackendError: some are still there.
    """
    clock = gateway.clock
    give_up_s = clock.now() + within_s
    removed: dict[str, None] = {}

    def look(seconds: float) -> tuple[FunctionStatus, ...]:
        listing = gateway.functions(seconds)
        return ours(listing, farm, run) + (() if run else trials(listing, farm))

    left = look(within_s)
    while left:
        for function in left:
            if function.name not in removed:
                gateway.delete(function.name, give_up_s - clock.now())
                removed[function.name] = None
        if clock.now() > give_up_s:
            names = ", ".join(each.name for each in left)
            raise BackendError(f"still there after {within_s:g} s: {names}; a busy worker finishes its task: try again")
        clock.sleep(LOOK_S)
        left = look(give_up_s + 1.0 - clock.now())
    return tuple(removed)
