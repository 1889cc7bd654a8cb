"""What a planner believes of its farm, and how it changes its mind: how long work and starting a worker take."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray, Info

#: Start-up times may be this many times what is believed at first.
SCALES: FloatArray = np.geomspace(0.25, 4.0, 41)
#: The width of the first belief about them: the standard deviation of the logarithm; a factor of 1.5 is two of them.
_WIDTH = 0.2
#: Steps and starts count less and less: a farm may change.
_FORGETTING = 0.98


class ServiceBelief:
    """How many times what was believed a task's work is (the utilisation law: busy time is tasks times their work).

    The scale is gamma distributed around observed busy time over what was expected of the tasks that were done; the
    prior counts as ``sureness`` tasks.

    Args:
        sureness: tasks, > 0.
    """

    def __init__(self, sureness: float = 150.0) -> None:
        self._sureness = sureness
        self._busy, self._tasks, self._before = 0.0, 0.0, 0.0

    def update(self, info: Info, expected_s: float) -> None:
        """Learn from a step whose tasks were expected to keep a worker busy for ``expected_s`` each."""
        holding = float(info["busy_workers"] + info["workers_draining"])
        if info["step"] > 0 and expected_s > 0:
            busy_s = 0.5 * (self._before + holding) * float(info["step_duration_s"])
            self._busy = _FORGETTING * self._busy + busy_s / expected_s
            self._tasks = _FORGETTING * self._tasks + float(info["processed_in_step"])
        self._before = holding

    @property
    def scale(self) -> float:
        """The mean of the belief."""
        return (self._sureness + self._busy) / (self._sureness + self._tasks)

    def sample(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Return float64[count] scales that may be."""
        shape = self._sureness + self._tasks
        return self.scale * rng.gamma(shape, 1.0 / shape, size=count)


class StartupBelief:
    """How many times what was believed starting a worker takes: scales on a grid, weighted by what was seen.

    What is seen is within which step a worker became ready (interval-censored start-up times).

    Args:
        believed_s: float64[n], start-up times as believed at first, a sample.
    """

    def __init__(self, believed_s: FloatArray) -> None:
        self._sorted_s = np.sort(believed_s)
        self._log_prior: FloatArray = -0.5 * np.square(np.log(SCALES) / _WIDTH)
        self._seen: FloatArray = np.zeros(len(SCALES))

    def update(self, became_ready_s: list[tuple[float, float]]) -> None:
        """Learn from the ages (after, until) between which workers became ready."""
        for after_s, until_s in became_ready_s:
            likely = self._share_below(until_s) - self._share_below(after_s)
            self._seen = _FORGETTING * self._seen + np.log(likely + 1e-3)

    @property
    def weights(self) -> FloatArray:
        """float64[scales], how likely each of ``SCALES`` is; they sum to 1."""
        logs = self._log_prior + self._seen
        weights = np.exp(logs - logs.max())
        normalised: FloatArray = weights / weights.sum()
        return normalised

    @property
    def scale(self) -> float:
        """The mean of the belief."""
        return float(self.weights @ SCALES)

    def sample(self, count: int, rng: np.random.Generator) -> FloatArray:
        """Return float64[count] scales that may be."""
        drawn: FloatArray = SCALES[np.searchsorted(np.cumsum(self.weights)[:-1], rng.random(count))]
        return drawn

    def startup_s(self, scale: float, count: int, rng: np.random.Generator) -> FloatArray:
        """Return float64[count], start-up times of workers requested from now on."""
        drawn: FloatArray = scale * self._sorted_s[rng.integers(len(self._sorted_s), size=count)]
        return drawn

    def left_s(self, scale: float, ages_s: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return float64[n], what may be left of the start-up of workers of these ages; they are not ready yet."""
        longest = len(self._sorted_s)
        first = np.minimum(np.searchsorted(self._sorted_s * scale, ages_s, side="right"), longest)
        rows = first + (rng.random(len(ages_s)) * (longest - first)).astype(np.int64)
        overdue_s = ages_s + 0.1 * scale * self._sorted_s.mean()  # longer than anything believed: any moment now
        at_s = np.where(first < longest, scale * self._sorted_s[np.minimum(rows, longest - 1)], overdue_s)
        left: FloatArray = at_s - ages_s
        return left

    def _share_below(self, age_s: float) -> FloatArray:
        """Return float64[scales], the share of start-up times up to ``age_s`` by each scale."""
        share: FloatArray = np.searchsorted(self._sorted_s, age_s / SCALES, side="right") / len(self._sorted_s)
        return share
