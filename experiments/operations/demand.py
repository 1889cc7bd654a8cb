"""The tasks of a journal: the arrivals that were counted, and work and deadlines as far as they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray, TaskBatch
from experiments.operations.stretches import Stretch
from operate.journal.settings import JournalSettings

#: So many tasks in a row have the recorded mean exactly: else the drawn work of an hour would be off by chance, and
#: with it the backlog of an overloaded queue. Fewer would take from the variation itself.
_ROW = 50
#: No deadline is shorter; what waited longer than is promised before the journal began is late anyway.
_SHORTEST_S = 1e-6


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What the journal does not hold of each task.

    Attributes:
        within_s: seconds promised.
        from_start: the promise is about a task's start, not its end.
        service_s: mean work where the journal says nothing.
        variation: standard deviation of the work over its mean.
        scale: factor on the recorded service times, from calibration.
        work: float64[n], work of tasks that were recorded one by one, over its mean; None: it is gamma distributed.
    """

    within_s: float
    from_start: bool
    service_s: float
    variation: float
    scale: float = 1.0
    work: FloatArray | None = field(default=None, compare=False)

    @classmethod
    def of(cls, settings: JournalSettings, variation: float | None = None, work_s: FloatArray | None = None) -> Beliefs:
        """Return what the controller was told.

        Args:
            settings: of the journal.
            variation: takes the place of what it believed.
            work_s: float64[n], the work of tasks that were recorded one by one, of a mean above 0; they tell the
                variation, too, and the mean stays the journal's.
        """
        objective, tasks = settings.objective, settings.tasks
        spread = tasks.variation if variation is None else variation
        work = None if work_s is None else work_s / work_s.mean()
        if work is not None:
            spread = float(work.std())
        return cls(objective.within_s, objective.finish_within is None, tasks.service_time, spread, work=work)


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Tasks by step, and what is there when the first one begins.

    Attributes:
        step_s: seconds of a step.
        arrived: float64[n], tasks of each step; fractions are carried on to the next.
        service_s: float64[n], mean work of the tasks of each step; NaN: nobody knows.
        waiting: tasks that wait at the beginning.
        held: tasks that workers hold at the beginning.
        oldest_s: how long the first of the waiting ones has waited.
    """

    step_s: float
    arrived: FloatArray
    service_s: FloatArray
    waiting: int = 0
    held: int = 0
    oldest_s: float = 0.0

    @classmethod
    def of(cls, stretch: Stretch) -> Counts:
        """Return those of a stretch.

        Where nobody knew how long the oldest task had waited, it is what came before it at the mean rate (Little's
        law).
        """
        first = stretch.first
        rate = stretch.arrived.sum() / stretch.duration_s
        guessed_s = first.backlog / rate if rate > 0 else 0.0
        oldest_s = guessed_s if np.isnan(first.oldest_s) else first.oldest_s
        held = 0 if np.isnan(first.in_flight) else round(first.in_flight)
        return cls(stretch.step_s, stretch.arrived, stretch.service_s, round(first.backlog), held, oldest_s)


class Demand:
    """The tasks of counted steps, as a workload of one episode (``autoscaling_env.workload.Workload``).

    Each step's tasks come evenly within it: nothing is known of them but how many there were. Work is drawn from a
    gamma distribution with the step's mean (the last one known, else what was believed) and the variation believed.
    What a worker held at the beginning has the mean residual work of a renewal process left. A start is promised as an
    end: the deadline is what is promised and the task's own work.

    Args:
        name: what tables call it.
        counts: how many came.
        beliefs: of work and deadlines.

    Attributes:
        mean_s: float64[n], mean work of the tasks of each step, in seconds.
    """

    def __init__(self, name: str, counts: Counts, beliefs: Beliefs) -> None:
        self.name, self.notes = name, ()
        self._counts, self._beliefs = counts, beliefs
        self.mean_s = _filled(counts.service_s, beliefs.service_s) * beliefs.scale
        self._tasks = np.diff(np.round(np.cumsum(counts.arrived)), prepend=0.0).astype(np.int64)

    @property
    def duration_s(self) -> float:
        """Seconds over which tasks arrive."""
        return len(self._tasks) * self._counts.step_s

    @property
    def mean_service_s(self) -> float:
        """Mean work of a task in seconds."""
        weights = self._tasks if self._tasks.any() else None
        return float(np.average(self.mean_s, weights=weights))

    @property
    def before(self) -> int:
        """Tasks that are there when the episode begins, in hands or waiting."""
        return self._counts.waiting + self._counts.held

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks; what the seed changes is their work."""
        arrival_s = np.concatenate((np.zeros(self.before), self._arrivals()))
        mean_s = np.concatenate((np.full(self.before, self.mean_s[0]), np.repeat(self.mean_s, self._tasks)))
        service_s = mean_s * self._spread(seed, len(mean_s))
        service_s[: self._counts.held] *= (1 + self._beliefs.variation**2) / 2
        deadline_s = self._beliefs.within_s + (service_s if self._beliefs.from_start else 0.0) - self._waited()
        # Something is always yet to come, so the episode does not end with its last task.
        segments = np.array([0.0, self.duration_s])
        return TaskBatch(arrival_s, service_s, np.maximum(deadline_s, _SHORTEST_S), segments, seed)

    def _arrivals(self) -> FloatArray:
        """Return when tasks come, sorted: each in the middle of an equal share of its step."""
        many = np.repeat(self._tasks, self._tasks)
        number = np.arange(len(many)) - np.repeat(np.cumsum(self._tasks) - self._tasks, self._tasks)
        step = np.repeat(np.arange(len(self._tasks)), self._tasks)
        arrival_s: FloatArray = (step + (number + 0.5) / many) * self._counts.step_s
        return arrival_s

    def _spread(self, seed: int, size: int) -> FloatArray:
        """Return float64[size] of mean 1, also in each row of tasks: it is their mean that was recorded."""
        if self._beliefs.variation == 0:
            return np.ones(size)
        drawn = _drawn(self._beliefs, stream(seed, "service"), size)
        row = np.arange(size) // _ROW
        means = np.bincount(row, drawn) / np.bincount(row)
        spread: FloatArray = drawn / np.where(means > 0, means, 1.0)[row]
        return spread

    def _waited(self) -> FloatArray:
        """Return how long each task has waited before the episode: the held ones longest, the last waiting one not."""
        counts = self._counts
        waited = np.zeros(self.before + int(self._tasks.sum()))
        waited[: counts.held] = counts.oldest_s
        waited[counts.held : self.before] = counts.oldest_s * np.linspace(1, 0, counts.waiting, endpoint=False)
        return waited


class ShuffledDemand:
    """Episodes of blocks of a journal in random order: the kind of load it was, without when what came.

    It is what a policy that is trained, searched for or needs a past may know (``experiments.policies.Setting.past``).

    Args:
        name: what tables call it.
        counts: of every stretch, of one length of steps.
        beliefs: of work and deadlines.
        steps: of an episode.
        block_s: seconds of a block; each is drawn with replacement, from a random step on, around the end.
    """

    def __init__(self, name: str, counts: Sequence[Counts], beliefs: Beliefs, steps: int, block_s: float) -> None:
        self.name, self.notes = name, ()
        self._beliefs, self._steps, self._step_s = beliefs, steps, counts[0].step_s
        self._arrived = np.concatenate([each.arrived for each in counts])
        self._service_s = np.concatenate([_filled(each.service_s, beliefs.service_s) for each in counts])
        self._block = max(1, round(block_s / self._step_s))
        whole = Demand(name, Counts(self._step_s, self._arrived, self._service_s), beliefs)
        self.mean_service_s, self.duration_s = whole.mean_service_s, steps * self._step_s

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of an episode."""
        blocks = -(-self._steps // self._block)
        first = stream(seed, "trace").integers(len(self._arrived), size=blocks)
        steps = ((first[:, None] + np.arange(self._block)) % len(self._arrived)).ravel()[: self._steps]
        counts = Counts(self._step_s, self._arrived[steps], self._service_s[steps])
        return Demand(self.name, counts, self._beliefs).draw(seed)


def _drawn(beliefs: Beliefs, rng: np.random.Generator, size: int) -> FloatArray:
    """Return float64[size]: work over its mean, times any number."""
    if beliefs.work is not None:
        return beliefs.work[rng.integers(len(beliefs.work), size=size)]
    drawn: FloatArray = rng.standard_gamma(beliefs.variation**-2, size)
    return drawn


def _filled(values: FloatArray, otherwise: float) -> FloatArray:
    """Return the values, the last known one where there is none; ``otherwise`` before the first."""
    known = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(1, len(values) + 1)))
    filled: FloatArray = np.where(known > 0, np.concatenate(([otherwise], values))[known], otherwise)
    return np.maximum(filled, 1e-6)
