"""The seam between the platform and the two ways of laying out workers on functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from live.clock import Clock
from live.platform import FarmSpec, Roster, WorkerCounts
from live.platforms.openfaas.deployment import Blueprint
from live.platforms.openfaas.errors import GatewayUnreachable
from live.platforms.openfaas.gateway import FunctionStatus, Gateway

Found = TypeVar("Found")
#: Real seconds between looks while reading back.
LOOK_S = 0.05
#: Where being mistaken ends an episode before it begins, an old value is disbelieved for so many ``settle_s``.
PATIENCE = 5


class WorkerPool(Protocol):
    """The workers of one farm. Same contract as the methods of ``Platform`` of the same names."""

    def begin(self, workers: int, startup_s: Iterator[float] | None) -> None:
        """See ``Platform.begin``."""
        ...

    def scale_to(self, workers: int, roster: Roster) -> ScaleOutcome:
        """See ``Platform.scale_to``."""
        ...

    def counts(self, roster: Roster) -> WorkerCounts:
        """See ``Platform.counts``."""
        ...

    def observe(self, listing: Sequence[FunctionStatus], asked_s: float) -> None:
        """Take in what the gateway listed; ``asked_s``: when it was asked, by the clock."""
        ...


@dataclass(frozen=True, slots=True)
class Deployer:
    """What both pools work with."""

    gateway: Gateway
    blueprint: Blueprint
    config: OpenFaasConfig
    farm: FarmSpec

    @property
    def clock(self) -> Clock:
        """The gateway's."""
        return self.gateway.clock

    @property
    def leaving_s(self) -> float:
        """The longest a worker that was told to leave may still be seen."""
        return self.config.termination_grace_s + self.config.settle_s

    @property
    def stale_s(self) -> float:
        """Readings older than this are called stale."""
        return 3 * self.config.poll_s + self.config.settle_s

    def read_back(
        self, name: str, settled: Callable[[FunctionStatus | None], bool], give_up_s: float, patience: int = 1
    ) -> FunctionStatus | None:
        """Read a function until it is as asked, or until an old value can no longer be what is read.

        Raises:
            BackendError: no such answer came in time.
        """
        return self._settled(lambda s: self.gateway.function(name, s), settled, name, give_up_s, patience)

    def read_all(
        self, settled: Callable[[dict[str, int]], bool], give_up_s: float, patience: int = 1
    ) -> dict[str, int]:
        """Like ``read_back`` for many functions at once: their names and wanted replicas."""

        def look(within_s: float) -> dict[str, int]:
            return {each.name: each.replicas for each in self.gateway.functions(within_s)}

        return self._settled(look, settled, "the functions", give_up_s, patience)

    def _settled(
        self,
        look: Callable[[float], Found],
        settled: Callable[[Found], bool],
        what: str,
        give_up_s: float,
        patience: int,
    ) -> Found:
        """Look until it is as asked, or an old value can no longer be what is seen.

        The gateway caches and the provider reads from an informer, so a value that is not the one asked for is
        taken for an answer only if it was asked for ``patience * settle_s`` after the change.
        """
        believed_s = self.clock.now() + patience * self.config.settle_s
        while True:
            asked_s = self.clock.now()
            found = look(give_up_s - asked_s)
            if settled(found) or asked_s >= believed_s:
                return found
            if self.clock.now() + LOOK_S >= give_up_s:
                raise GatewayUnreachable(f"OpenFaaS gateway {self.gateway.where}: {what}: too slow to be read back")
            self.clock.sleep(LOOK_S)


def alive(roster: Roster, farm: FarmSpec) -> Roster:
    """Return the workers heard of within a lease."""
    return tuple(record for record in roster if record.heartbeat_age_s <= farm.functions.lease_s)


def rejected(requested: int, accepted: int, why: object) -> ScaleOutcome:
    """Return that the count could not be changed, or only in part."""
    return ScaleOutcome(requested, accepted, ScaleReason.REJECTED, str(why))


def clamped(requested: int, accepted: int, detail: str) -> ScaleOutcome:
    """Return that the platform gave another number, and said so or not."""
    return ScaleOutcome(requested, accepted, ScaleReason.CLAMPED_BY_PLATFORM, detail)


def granted(workers: int) -> ScaleOutcome:
    """Return that the platform does as asked."""
    return ScaleOutcome(workers, workers, ScaleReason.OK)
