"""How a farm announces itself: one ``FarmKind`` behind one entry point of the group ``autoscaling_env.backends``.

Nothing else in the project lists kinds of farms: a package that announces one is found by every command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from autoscaling_env.backend import Backend
from autoscaling_env.config import Config

if TYPE_CHECKING:
    import pandas as pd

    from autoscaling_env.workload import Workload

#: Called with (done, wanted): pods or functions ready, rounds played.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a doctor looked at.

    Attributes:
        what: what was looked at.
        ok: it is as it should be.
        detail: what was found.
        remedy: what to do about it; "" when it is ok.
    """

    what: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class FarmOption:
    """An option of ``autoscale farm`` that this kind of farm has.

    Attributes:
        name: without dashes, such as ``namespace``.
        key: the configuration's value that it sets, such as ``live.kubernetes.namespace``.
    """

    name: str
    key: str


class Lifecycle(Protocol):
    """A farm brought up, looked at and taken down by hand. Rows are dataclasses, one per role, worker or function."""

    def up(self, config: Config, workers: int, progress: Progress) -> Sequence[Any]:
        """Bring the farm up and return its rows."""
        ...

    def status(self, config: Config) -> Sequence[Any]:
        """Return its rows; none if it is not up."""
        ...

    def down(self, config: Config) -> None:
        """Remove everything of it."""
        ...


class VectorFactory(Protocol):
    """Makes a vector environment that plays many episodes of a farm at once, as its single environment would."""

    def __call__(self, count: int, *, config: Config, workload: Workload) -> Any:
        """Return a ``gymnasium.vector.VectorEnv`` of ``count`` environments."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FarmKind:
    """A kind of farm, and all that a command may want of it. What it cannot do is None or empty.

    Attributes:
        name: as ``--backend`` takes it; the entry point's name.
        summary: what it is, in a few words, for help texts.
        make: returns a farm of a configuration.
        real_time: its seconds pass on the clock, so an episode takes minutes and is shown step by step.
        make_many: plays many episodes at once.
        engines: ``--engine`` name -> the kind of farm that it stands for.
        examine: what ``autoscale doctor`` reports; changes nothing.
        options: options of ``autoscale farm`` that belong to it.
        lifecycle: what ``autoscale farm up|status|down`` do.
        records: further files that an episode leaves: (farm, agent, episode) -> file name -> rows.
        probe: scales a farm so many rounds and times it, see ``live.probing``.
        observing: dotted key -> value: leaves the count to whoever else controls it (the policy ``external``).
    """

    name: str
    summary: str
    make: Callable[[Config], Backend]
    real_time: bool = False
    make_many: VectorFactory | None = None
    engines: Mapping[str, str] = field(default_factory=dict)
    examine: Callable[[Config], Sequence[Finding]] | None = None
    options: tuple[FarmOption, ...] = ()
    lifecycle: Lifecycle | None = None
    records: Callable[[Backend, str, int], dict[str, pd.DataFrame]] | None = None
    probe: Callable[[Backend, int, Progress], Any] | None = None
    observing: Mapping[str, Any] = field(default_factory=dict)
