"""What a planner believes of its farm, and how it changes its mind: how long work and starting a worker take."""

from __future__ import annotations

import numpy as np

from autoscaling_env.types import FloatArray, Info

#: Work and start-up times may be this many times what is believed at first.
SCALES: FloatArray = np.geomspace(0.25, 4.0, 41)
#: What is believed at first is right, to begin with, with this probability ...
_TRUST = 0.9
#: ... or it is off by a factor whose logarithm has this standard deviation: a factor of 1.5 or so.
_WIDTH = 0.4
#: Steps and starts count less and less: a farm may change.
_FORGETTING = 0.98


def _prior() -> FloatArray:
    """Return float64[scales], logarithms: a spike where nothing is wrong, and a broad rest (spike and slab).

    Without the spike what was right moves with every accident of what is seen, which costs more than it earns.
    """
    slab = np.exp(-0.5 * np.square(np.log(SCALES) / _WIDTH))
    weights = (1.0 - _TRUST) * slab / slab.sum()
    weights[len(SCALES) // 2] += _TRUST
    logs: FloatArray = np.log(weights)
    return logs


class _Scale:
    """How many times what was believed something takes: a grid of scales, each as likely as what was seen by it."""

    _LOG_PRIOR = _prior()

    def __init__(self) -> None:
        self._seen: FloatArray = np.zeros(len(SCALES))

    @property
    def weights(self) -> FloatArray:
        """float64[scales], how likely each of ``SCALES`` is; they sum to 1."""
        logs = self._LOG_PRIOR + self._seen
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


class ServiceBelief(_Scale):
    """How many times what was believed a task's work is (the utilisation law: busy time is tasks times their work).

    Busy workers are seen at a step's ends only. How many there are at a moment scatters as a Poisson number does (an
    infinite-server queue's; less where all are busy), so that ``n`` of them in all are known to ``1 / sqrt(n)``.
    """

    def __init__(self) -> None:
        super().__init__()
        self._busy, self._tasks, self._counted, self._before = 0.0, 0.0, 0.0, 0.0

    def update(self, info: Info, expected_s: float) -> None:
        """Learn from a step whose tasks were expected to keep a worker busy for ``expected_s`` each."""
        holding = float(info["busy_workers"] + info["workers_draining"])
        if info["step"] > 0 and expected_s > 0:
            busy = 0.5 * (self._before + holding)
            self._busy = _FORGETTING * self._busy + busy * float(info["step_duration_s"]) / expected_s
            self._tasks = _FORGETTING * self._tasks + float(info["processed_in_step"])
            self._counted = _FORGETTING * self._counted + busy
            if min(self._busy, self._tasks) > 0:
                off = np.log(self._busy / self._tasks) - np.log(SCALES)
                variance = 1.0 / self._counted + 1.0 / self._tasks
                self._seen = -0.5 * np.square(off) / variance
        self._before = holding


class StartupBelief(_Scale):
    """How many times what was believed starting a worker takes.

    What is seen is within which step a worker became ready (interval-censored start-up times).

    Args:
        believed_s: float64[n], start-up times as believed at first, a sample.
    """

    def __init__(self, believed_s: FloatArray) -> None:
        super().__init__()
        self._sorted_s = np.sort(believed_s)

    def update(self, became_ready_s: list[tuple[float, float]]) -> None:
        """Learn from the ages (after, until) between which workers became ready."""
        for after_s, until_s in became_ready_s:
            likely = self._share_below(until_s) - self._share_below(after_s)
            self._seen = _FORGETTING * self._seen + np.log(likely + 1e-3)

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
