"""Looks at a pool of processes, under a name by which the pool knows who scaled it."""

from __future__ import annotations

from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from operate.reading import TargetState
from operate.targets.processes.pool import ProcessPool
from operate.targets.processes.settings import ProcessesConfig

#: Under which a controller scales.
NAME = "autoscale operate"


class ProcessTarget:
    """Workers of a pool.

    Args:
        pool: who runs them; others may scale it, too.
        name: under which we do.
        owns: the pool, and with it all workers, ends with this target.
    """

    def __init__(self, pool: ProcessPool, name: str = NAME, *, owns: bool = False) -> None:
        self._pool, self._name, self._owns = pool, name, owns
        self._told, _ = pool.changes()

    @classmethod
    def open(cls, config: ProcessesConfig) -> ProcessTarget:
        """Start a pool of these settings and look at it; closing ends it."""
        return cls(ProcessPool(config), owns=True)

    @property
    def described(self) -> str:
        """What is scaled."""
        return f"processes on this machine: {self._pool.command}"

    def look(self) -> TargetState:
        """See ``Target.look``."""
        self._told, changes = self._pool.changes(self._told)
        others = [each for each in changes if each.who != self._name]
        counts = self._pool.counts()
        return TargetState(
            requested=counts.wanted,
            applied=counts.running,
            ready=counts.ready,
            draining=counts.draining,
            changed_by="; ".join(f"{e.who} changed the workers from {e.before} to {e.after}" for e in others),
            age_s=self._pool.age_s(),
            trouble=self._pool.trouble,
        )

    def scaler(self) -> ProcessScaler:
        """See ``Target.scaler``."""
        return ProcessScaler(self._pool, self._name)

    def close(self) -> None:
        """Look no more; where the pool is ours its workers finish their tasks and end."""
        if self._owns:
            self._pool.close()


class ProcessScaler:
    """Changes the number of workers of a pool."""

    def __init__(self, pool: ProcessPool, name: str) -> None:
        self._pool, self._name = pool, name
        self._term: int | None = None

    def fence(self, term: int) -> None:
        """See ``Scaler.fence``."""
        self._pool.fence(term)
        self._term = term

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Scaler.scale_to``. The newest leave first: nobody tells which are idle."""
        return ScaleOutcome(workers, self._pool.scale_to(workers, self._name, self._term), ScaleReason.OK)
