"""The twin of a journal's queue, calibrated on the first half of each stretch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autoscaling_env.settings import with_overrides
from experiments.journal_demand import Beliefs, Counts, Demand
from experiments.journal_stretches import Stretch
from experiments.journal_twin import Course, play_in_twin, recorded_counts, seen_startups, twin_config
from operate.journal.settings import JournalSettings

#: Factors on the recorded service times that are tried; then, so often, those half-way to the neighbours of the best.
COARSE = (0.35, 0.5, 0.7, 0.85, 1.0, 1.18, 1.4, 2.0, 2.8)
FINER = 3
#: A bias of the tasks in hands weighs so much against an error of the backlog: it is a mean of many, and less noisy.
IN_HANDS = 3.0
#: What was recorded is left as it is unless another factor is closer by this share.
WORTH = 0.05


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was made of the first halves.

    Attributes:
        beliefs: of tasks, with the factor on recorded service times that comes closest.
        startups_s: times from requested to ready that were seen; too few: the configured time holds.
    """

    beliefs: Beliefs
    startups_s: tuple[float, ...]


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

    Start-ups are those that were seen there. Of the factors on the service time that one is taken with which the errors
    add up to the least: mean absolute error of the backlog, and three times the error of the mean of the tasks in
    hands, both in tasks.
    """
    startups = tuple(value for stretch in stretches for value in seen_startups(stretch, half(stretch)))

    def twin(scale: float) -> Twin:
        return Twin(settings, Calibration(replace(beliefs, scale=scale), startups), seed)

    losses: dict[float, float] = {}
    for scale in _scales(losses):
        losses[scale] = _loss(twin(scale), stretches)
        progress(len(losses), len(COARSE) + 2 * FINER)
    best = min(losses, key=losses.__getitem__)
    return twin(best if losses[best] < (1 - WORTH) * losses[1.0] else 1.0)


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
    """Return the error in tasks on the first halves, a step's mean."""
    lost = steps = 0.0
    for stretch in stretches:
        count = half(stretch)
        known, course = stretch.known[:count], twin.recorded(stretch, count)
        apart = np.abs(course.backlog - stretch.backlog[:count])[known]
        held = (course.in_flight - stretch.in_flight[:count])[known]
        in_hands = abs(float(held.mean())) if not np.isnan(held).any() else 0.0
        lost, steps = lost + float(apart.sum()) + IN_HANDS * in_hands * len(apart), steps + len(apart)
    return lost / max(steps, 1)
