"""How a farm announces itself: one ``FarmKind`` behind one entry point of the group ``autoscaling_env.backends``.

Nothing else in the project lists kinds of farms: a package that announces one is found by every command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
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


@dataclass(frozen=True, slots=True)
class FarmView:
    """What a farm looks like from outside.

    Attributes:
        rows: one per role, worker or function, ready to print; none where the farm is not up.
        data: the same as plain JSON.
        lines: what else there is to say.
    """

    rows: Sequence[Mapping[str, str]] = ()
    data: Any = None
    lines: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Any]) -> FarmView:
        """Return the view whose rows are these dataclasses."""
        plain = [asdict(row) for row in rows]
        return cls([{key.capitalize(): str(value) for key, value in row.items()} for row in plain], plain)


class Lifecycle(Protocol):
    """A farm brought up, looked at and taken down by hand.

    Attributes:
        attended: the farm goes down at the end of the block of ``up``, so somebody has to stay; else it stands.
    """

    attended: bool

    def up(self, config: Config, workers: int, progress: Progress) -> AbstractContextManager[FarmView]:
        """Bring the farm up with so many workers."""
        ...

    def status(self, config: Config) -> FarmView:
        """Look at the farm without touching it."""
        ...

    def down(self, config: Config) -> bool:
        """Remove everything of it; return False where there was certainly nothing."""
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
        needs: packages that ``make`` imports and that may be missing, as an extra brings them.
        engines: ``--engine`` name -> the kind of farm that it stands for.
        examine: what ``autoscale doctor`` reports; changes nothing.
        options: options of ``autoscale farm`` that belong to it.
        lifecycle: what ``autoscale farm up|status|down`` do.
        records: further files that an episode leaves: (farm, agent, episode) -> file name -> rows.
        probe: scales a farm so many rounds and times it, see ``live.probing``.
        randomizes: settings of ``farm`` that can differ from episode to episode, by dotted key.
        observing: dotted key -> value: leaves the count to whoever else controls it (the policy ``external``).
    """

    name: str
    summary: str
    make: Callable[[Config], Backend]
    real_time: bool = False
    make_many: VectorFactory | None = None
    needs: tuple[str, ...] = ()
    engines: Mapping[str, str] = field(default_factory=dict)
    examine: Callable[[Config], Sequence[Finding]] | None = None
    options: tuple[FarmOption, ...] = ()
    lifecycle: Lifecycle | None = None
    records: Callable[[Backend, str, int], dict[str, pd.DataFrame]] | None = None
    probe: Callable[[Backend, int, Progress], Any] | None = None
    randomizes: tuple[str, ...] = ()
    observing: Mapping[str, Any] = field(default_factory=dict)
