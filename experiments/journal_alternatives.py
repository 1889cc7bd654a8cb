"""Other policies on a journal's arrivals, in its calibrated twin, and how sure it is what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from agents.reactive import External
from analysis.statistics import Interval, block_ratios, percentile_interval
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import FloatArray
from experiments.journal_calibration import Twin
from experiments.journal_demand import Counts, ShuffledDemand
from experiments.journal_fidelity import Fidelity
from experiments.journal_stretches import Stretch
from experiments.journal_twin import Course, play_in_twin, twin_config
from experiments.listening import Listener
from experiments.policies import Setting, find_policy
from simulator.search import VARIANTS

#: Rows of a search, each a farm, times tasks: more would fill the memory.
MOST_SEARCHED = 20_000_000
#: Branches of the beam search and their children, about: see ``simulator.search.hindsight``.
_BEAM_ROWS = 64 * 18
#: Steps of the episodes that a policy may know beforehand, at most and at least.
MOST_PAST, FEWEST_PAST = 2000, 60
SEARCHING = "hindsight"
#: What the recorded counts are called among policies.
RECORDED = "recorded counts"
_NONE = Interval(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy comes to on the arrivals of a journal, with 95 % intervals.

    Attributes:
        policy: its name.
        share: of the tasks whose time was over, those in time, 0-1.
        hours: worker-hours in force.
        money: the same at their price.
        share_gain: share less that of the recorded counts in the twin, 0-1.
        hours_gain: worker-hours over those of the recorded counts in the twin, less one.
    """

    policy: str
    share: Interval
    hours: Interval
    money: Interval
    share_gain: Interval
    hours_gain: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where alternatives are played.

    Attributes:
        twin: calibrated.
        stretches: that are played.
        folder: where a policy that has to be trained leaves its run.
        block_s: seconds of a block of the bootstrap, and of what the past is made of.
        listener: is told of progress.
    """

    twin: Twin
    stretches: Sequence[Stretch]
    folder: Path
    block_s: float
    listener: Listener

    def courses(self, name: str) -> tuple[Course, ...]:
        """Play a policy on every stretch, made anew for each.

        Raises:
            InputError: there is no such policy, it cannot be loaded, or it cannot be played here.
        """
        named = find_policy(name)
        return tuple(self._course(named.name, index) for index in range(len(self.stretches)))

    def _course(self, name: str, index: int) -> Course:
        twin, stretch = self.twin, self.stretches[index]
        demand = twin.demand(stretch)
        config = twin_config(twin.settings, stretch, demand, twin.calibration.startups_s, recorded=False)
        tasks = len(demand.draw(twin.seed))
        rows = max(_BEAM_ROWS, VARIANTS, config.farm.max_workers - config.farm.min_workers + 1)
        if name == SEARCHING and tasks * rows > MOST_SEARCHED:
            raise InputError(
                f"{name}: {tasks:,} tasks in a row are more than can be searched ({MOST_SEARCHED // rows:,}); "
                "choose a shorter time with --since and --until"
            )
        policy = find_policy(name).make(self._setting(config, stretch, tasks))
        if isinstance(policy, External):
            raise InputError(f"{name}: whoever else scales cannot be asked; what was recorded is shown instead")
        return play_in_twin(config, demand, policy, twin.seed)

    def _setting(self, config: Config, stretch: Stretch, tasks: int) -> Setting:
        """Return what a policy may be made from: the tasks themselves are for hindsight only.

        Whatever is searched, trained or remembered knows blocks of the journal in random order (``ShuffledDemand``).
        """
        twin = self.twin
        counts = [Counts.of(each) for each in self.stretches if each.step_s == stretch.step_s]
        rows = config.farm.max_workers - config.farm.min_workers + 1
        room = int(MOST_SEARCHED / rows / max(tasks / len(stretch), 1e-9))
        steps = max(min(len(stretch), MOST_PAST, room), FEWEST_PAST)
        shuffled = ShuffledDemand("past", counts, twin.calibration.beliefs, steps, self.block_s)
        earlier = with_overrides(config, {"environment.max_steps": steps})
        past = Setting(earlier, shuffled, twin.seed, self.folder, self.listener)
        return Setting(config, twin.demand(stretch), twin.seed, self.folder, self.listener, past)


def outcomes(
    played: Mapping[str, Sequence[Course]],
    yardstick: Sequence[Course],
    place: Place,
    errors: Sequence[Fidelity],
    rng: np.random.Generator,
) -> list[Outcome]:
    """Return what policies came to, the recorded counts first, as the twin plays them.

    Sampling error is that of a block bootstrap: the time is cut into blocks, which are drawn with replacement, for all
    policies the same. The twin's error e is what it missed of the recorded counts (points of the share, worker-hours
    times their relative error). An end of an interval lies sqrt(b^2 + e^2) from the estimate, where b is how far the
    bootstrap's lies. Of a gain, e is the twin's error, too: that it might be the same for both is not relied on.

    Args:
        played: courses by policy, one for each stretch.
        yardstick: those of the recorded counts.
        place: where they were played.
        errors: of the twin; the largest counts.
        rng: draws the blocks.
    """
    names = [RECORDED, *played]
    rows = np.array([_blocks(courses, place) for courses in [yardstick, *played.values()]])  # k, what, block
    met, due, hours, length = rows[:, 0], rows[:, 1], rows[:, 2], rows[0, 3]
    shares, ratios = block_ratios(met, due, rng), block_ratios(hours, hours[:1], rng)
    totals = block_ratios(hours, length / length.sum(), rng)  # of a time as long as this one
    off = max(0.0 if np.isnan(error.share_error) else error.share_error / 100 for error in errors)
    far = max(error.hours_error for error in errors)
    price = place.twin.settings.objective.cost_per_worker_hour
    known = hours.shape[-1] > 1
    found = []
    for row, name in enumerate(names):
        share, base = _share(met[row], due[row]), _share(met[0], due[0])
        total, yard = float(hours[row].sum()), float(hours[0].sum())
        relative = total / yard if yard > 0 else np.nan
        gain = _interval(share - base, shares[row] - shares[0], off, known=known)
        worked = _interval(total, totals[row], far * total, known=known)
        found.append(
            Outcome(
                policy=name,
                share=_within(_interval(share, shares[row], off, known=known), 0.0, 1.0),
                hours=_within(worked, 0.0, np.inf),
                money=_times(_within(worked, 0.0, np.inf), price),
                share_gain=_NONE if not row else _within(gain, -1.0, 1.0),
                hours_gain=_NONE if not row else _interval(relative - 1, ratios[row] - 1, far * relative, known=known),
            )
        )
    return found


def _blocks(courses: Sequence[Course], place: Place) -> FloatArray:
    """Return float64[4, n]: tasks in time, tasks due, worker-hours and hours of each block, over all stretches."""
    parts = []
    for stretch, course in zip(place.stretches, courses, strict=True):
        steps = max(1, round(place.block_s / stretch.step_s))
        blocks = max(1, len(course.requested) // steps)  # what is left over belongs to the last one
        of_step = np.minimum(np.arange(len(course.requested)) // steps, blocks - 1)
        of_task = of_step[np.minimum((course.arrival_s / stretch.step_s).astype(np.int64), len(of_step) - 1)]
        hours = np.full(len(of_step), stretch.step_s / 3600)
        of_tasks = [np.bincount(of_task, each, blocks) for each in (course.due & course.in_time, course.due)]
        of_steps = [np.bincount(of_step, each, blocks) for each in (course.requested * hours, hours)]
        parts.append(of_tasks + of_steps)
    return np.concatenate(parts, axis=1)


def _share(met: FloatArray, due: FloatArray) -> float:
    return float(met.sum() / due.sum()) if due.sum() > 0 else 1.0


def _interval(estimate: float, resampled: FloatArray, error: float, *, known: bool) -> Interval:
    """Return the interval; one block says nothing of spread."""
    return percentile_interval(estimate, resampled if known else np.empty(0), error)


def _within(found: Interval, low: float, high: float) -> Interval:
    return Interval(found.estimate, *(float(np.clip(end, low, high)) for end in (found.low, found.high)))


def _times(found: Interval, factor: float) -> Interval:
    return Interval(found.estimate * factor, found.low * factor, found.high * factor)
