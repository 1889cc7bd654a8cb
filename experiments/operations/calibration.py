"""The twin of a journal's queue, calibrated on the first half of each stretch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoscaling_env.settings import with_overrides
from experiments.operations.demand import Beliefs, Counts, Demand
from experiments.operations.stretches import Stretch
from experiments.operations.twin import Course, play_in_twin, recorded_counts, seen_startups, twin_config
from operate.journal.settings import JournalSettings

#: Factors on the recorded service times that are tried; then, so often, those half-way to the neighbours of the best.
COARSE = (0.35, 0.5, 0.7, 0.85, 1.0, 1.18, 1.4, 2.0, 2.8)
FINER = 3
#: How sure a factor is that was found so.
SEARCHED = 0.05
#: The standard error of what is counted comes from so many blocks.
BLOCKS = 20


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was made of the first halves.

    Attributes:
        beliefs: of tasks, with the factor on recorded service times that comes closest.
        startups_s: times from requested to ready that were seen; too few: the configured time holds.
        scale_error: of that factor, relative: half the width of its 95 % interval.
    """

    beliefs: Beliefs
    startups_s: tuple[float, ...]
    scale_error: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """A journal's queue in the simulator, calibrated.

    Attributes:
        settings: what the controller was told.
        calibration: of tasks and workers.
        seed: of what is drawn.
    """

    settings: JournalSettings
    calibration: Calibration
    seed: int

    def slower(self, factor: float) -> Twin:
        """Return the same in which all work takes so many times as long."""
        beliefs = self.calibration.beliefs
        calibration = replace(self.calibration, beliefs=replace(beliefs, scale=beliefs.scale * factor))
        return replace(self, calibration=calibration)

    def demand(self, stretch: Stretch) -> Demand:
        """Return the tasks of a stretch."""
        return Demand("journal", Counts.of(stretch), self.calibration.beliefs)

    def recorded(self, stretch: Stretch, steps: int | None = None) -> Course:
        """Play the recorded counts of a stretch, or of its first steps."""
        demand = self.demand(stretch)
        config = twin_config(self.settings, stretch, demand, self.calibration.startups_s, recorded=True)
        config = with_overrides(config, {"environment.max_steps": steps})
        return play_in_twin(config, demand, recorded_counts(stretch, self.seed), self.seed)


def half(stretch: Stretch) -> int:
    """Return the steps of a stretch that may be learned from."""
    return len(stretch) // 2


def calibrated(
    settings: JournalSettings,
    stretches: Sequence[Stretch],
    beliefs: Beliefs,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Twin:
    """Return the twin that comes closest to the first half of each stretch.

    Start-ups are those that were seen there. Where tasks in hands and tasks finished were recorded, the work of a task
    is the first over the rate of the second (Little's law for the workers), whether or not they are overloaded. Else
    that factor is taken, of some, with which the mean absolute error of the backlog is least.
    """
    startups = tuple(value for stretch in stretches for value in seen_startups(stretch, half(stretch)))
    start = Twin(settings, Calibration(beliefs, startups), seed)
    scale, error = _by_littles_law(start, stretches) or (_searched(start, stretches, progress), SEARCHED)
    return Twin(settings, Calibration(replace(beliefs, scale=scale), startups, error), seed)


def _by_littles_law(twin: Twin, stretches: Sequence[Stretch]) -> tuple[float, float] | None:
    """Return the factor and its error; None: what it takes was not recorded, or nothing was finished."""
    rows = []
    for stretch in stretches:
        count = half(stretch)
        held = stretch.in_flight[:count][stretch.known[:count]]
        finished = stretch.completed[:count]
        if np.isnan(held).any() or np.isnan(finished).any():
            return None
        believed_s = twin.demand(stretch).mean_s[:count]
        seconds = np.interp(np.arange(count), np.flatnonzero(stretch.known[:count]), held) * stretch.step_s
        rows.append(np.array([seconds, finished * believed_s]))
    blocks = np.array_split(np.concatenate(rows, axis=1), BLOCKS, axis=1)
    spent, expected = np.array([block.sum(axis=1) for block in blocks]).T
    if not (spent.sum() > 0 and expected.sum() > 0):
        return None
    scale = spent.sum() / expected.sum()
    without_one = (spent.sum() - spent) / np.maximum(expected.sum() - expected, 1e-9)
    error = math.sqrt((BLOCKS - 1) / BLOCKS * float(((without_one - without_one.mean()) ** 2).sum()))  # jackknife
    return float(scale), 1.96 * error / float(scale)


def _searched(twin: Twin, stretches: Sequence[Stretch], progress: Callable[[int, int], None]) -> float:
    losses: dict[float, float] = {}
    for scale in _scales(losses):
        losses[scale] = _loss(twin.slower(scale), stretches)
        progress(len(losses), len(COARSE) + 2 * FINER)
    return min(losses, key=losses.__getitem__)


def _scales(losses: dict[float, float]) -> Iterator[float]:
    """Yield what is tried; ``losses`` has what came of it by then."""
    yield from COARSE
    for _ in range(FINER):
        tried, best = sorted(losses), min(losses, key=losses.__getitem__)
        place = tried.index(best)
        for other in (tried[max(place - 1, 0)], tried[min(place + 1, len(tried) - 1)]):
            if other != best:
                yield math.sqrt(best * other)


def _loss(twin: Twin, stretches: Sequence[Stretch]) -> float:
    """Return the mean absolute error of the backlog on the first halves, in tasks."""
    apart = [
        np.abs(twin.recorded(stretch, half(stretch)).backlog - stretch.backlog[: half(stretch)])
        for stretch in stretches
    ]
    return float(np.nanmean(np.concatenate(apart)))
