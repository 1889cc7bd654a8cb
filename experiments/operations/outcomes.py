"""What policies came to on a journal's arrivals, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics import Interval, block_ratios, percentile_interval
from autoscaling_env.types import FloatArray
from experiments.operations.alternatives import Answers, Place
from experiments.operations.fidelity import Fidelity
from experiments.operations.twin import Course

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


def outcomes(
    played: Mapping[str, Answers],
    recorded: Answers,
    place: Place,
    errors: Sequence[Fidelity],
    rng: np.random.Generator,
) -> list[Outcome]:
    """Return what policies came to, the recorded counts first, as the twin plays them.

    An end of an interval lies sqrt(b^2 + m^2 + d^2) from the estimate. b is how far the end of the 95 % interval of a
    block bootstrap lies: the time is cut into blocks, which are drawn with replacement, the same for all policies. m is
    what the twin missed of the recorded counts: points of the share, and worker-hours by their relative error. d is how
    far the figure moves where all work takes longer, or shorter, by as much as is doubted (``Place.doubt``); it is what
    makes a policy unsure that is near its limit. Of gains m and d are those of the gain itself.

    Args:
        played: answers by policy.
        recorded: those of the recorded counts.
        place: where they were played.
        errors: of the twin; the largest counts.
        rng: draws the blocks.
    """
    answers = [recorded, *played.values()]
    likely, faster, slower = (
        np.array([_blocks(getattr(each, name), place) for each in answers]) for name in ("likely", "faster", "slower")
    )  # policy, what, block
    met, due, hours, length = likely[:, 0], likely[:, 1], likely[:, 2], likely[0, 3]
    shares, ratios = block_ratios(met, due, rng), block_ratios(hours, hours[:1], rng)
    totals = block_ratios(hours, length / length.sum(), rng)  # of a time as long as this one
    missed = max(0.0 if np.isnan(error.share_error) else error.share_error / 100 for error in errors)
    off = max(error.hours_error for error in errors)
    share, total, gain, change = _figures(likely)
    doubts = [np.abs(np.array(_figures(each)) - np.array(_figures(likely))) for each in (faster, slower)]
    doubt = np.max(doubts, axis=0)
    price = place.twin.settings.objective.cost_per_worker_hour
    found = []
    for row, name in enumerate([RECORDED, *played]):
        resampled = [shares[row], totals[row], shares[row] - shares[0], ratios[row] - 1]
        if len(length) < 2:  # one block says nothing of how it would be another time
            resampled = [np.empty(0)] * 4
        own = missed, off * total[row], missed, off * (1 + change[row])
        in_time, worked, better, more = (
            percentile_interval(float(figure[row]), sample, float(np.hypot(error, unsure[row])))
            for figure, sample, error, unsure in zip((share, total, gain, change), resampled, own, doubt, strict=True)
        )
        worked = _within(worked, 0.0, np.inf)
        gains = (_within(better, -1.0, 1.0), more) if row else (_NONE, _NONE)
        found.append(Outcome(name, _within(in_time, 0.0, 1.0), worked, _times(worked, price), *gains))
    return found


def _figures(rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return float64[k] each: share in time, worker-hours, and both against the first."""
    met, due, hours, _ = rows.sum(axis=-1).T
    share = np.where(due > 0, met / np.maximum(due, 1), 1.0)
    return share, hours, share - share[0], hours / max(hours[0], 1e-9) - 1


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


def _within(found: Interval, low: float, high: float) -> Interval:
    return Interval(found.estimate, *(float(np.clip(end, low, high)) for end in (found.low, found.high)))


def _times(found: Interval, factor: float) -> Interval:
    return Interval(found.estimate * factor, found.low * factor, found.high * factor)
