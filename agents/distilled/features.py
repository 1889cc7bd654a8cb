"""What the student sees: what the planner knows, in a few numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.networks.weights import Floats
from autoscaling_env.observation import FIELDS
from autoscaling_env.types import Info, Observation

#: Of ``info`` what is not in the observation and tells where workers and tasks are.
COUNTED = ("workers_ready", "workers_starting", "workers_draining", "busy_workers", "enqueued_total")
#: Steps from now, first and last, over which arrivals of past episodes are averaged.
AHEAD = ((0, 1), (1, 2), (2, 3), (3, 5), (5, 8), (8, 12), (12, 16))


def fact_count(history_steps: int) -> int:
    """Return how many facts there are of a moment."""
    return len(FIELDS) + len(COUNTED) + 1 + 2 * history_steps


class Recall:
    """Tells the facts of a moment, and remembers of the episode what they need.

    Facts are the observation, ``COUNTED``, the share of the episode that has passed, and of each of the last steps, the
    newest first, the arrivals and by how much fewer workers were requested before it than now. Counts are log(1 + x),
    and with their sign: they span decades.

    Args:
        history_steps: steps that are remembered.
        max_steps: steps of an episode.
    """

    def __init__(self, history_steps: int, max_steps: int) -> None:
        self._max_steps = max_steps
        self._enqueued = 0
        self._arrived, self._requested = [0] * history_steps, [0] * history_steps

    def facts(self, observation: Observation, info: Info) -> Floats:
        """Take in a moment, each once and in order; return float32[facts]. Step 0 begins an episode."""
        requested, enqueued = int(info["requested_workers"]), int(info["enqueued_total"])
        if int(info["step"]) == 0:
            self._arrived = [0] * len(self._arrived)
            self._requested = [requested] * len(self._requested)
        else:
            self._arrived = [enqueued - self._enqueued, *self._arrived[:-1]]
        self._enqueued = enqueued
        counted = [float(info[name]) for name in COUNTED]
        share = min(int(info["step"]) / self._max_steps, 1.0)
        grown = [requested - before for before in self._requested]
        self._requested = [requested, *self._requested[:-1]]
        values = np.array([*observation.tolist(), *counted, share, *self._arrived, *grown], dtype=np.float32)
        facts: Floats = np.copysign(np.log1p(np.abs(values)), values)
        return facts


class Profile:
    """What arrived in past episodes at the same time, as features.

    Args:
        total: int64[steps], arrivals of each step, summed over episodes; less than nothing never came.
        episodes: int64[steps], how many of the episodes reached the step.
    """

    def __init__(self, total: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        self.total, self.episodes = total, episodes
        mean = total / np.maximum(episodes, 1)
        self._known = self._features(mean)

    @classmethod
    def empty(cls, max_steps: int) -> Profile:
        """Return what is known before the first episode."""
        return cls(np.zeros(max_steps, dtype=np.int64), np.zeros(max_steps, dtype=np.int64))

    def with_episodes(self, arrived: Sequence[NDArray[np.int64]]) -> Profile:
        """Return the profile of further episodes as well: int64[steps] each, the arrivals of their steps."""
        total, episodes = self.total.copy(), self.episodes.copy()
        for counts in arrived:
            total[: len(counts)] += counts
            episodes[: len(counts)] += 1
        return Profile(total, episodes)

    @property
    def size(self) -> int:
        """Return the number of features."""
        return int(self._known.shape[1])

    def at(self, step: int) -> Floats:
        """Return float32[size], what is known at a step."""
        row: Floats = self._known[min(step, len(self._known) - 1)]
        return row

    def at_all(self, steps: NDArray[np.int64]) -> Floats:
        """Return float32[n, size] for int64[n]."""
        rows: Floats = self._known[np.minimum(steps, len(self._known) - 1)]
        return rows

    @staticmethod
    def _features(mean: NDArray[np.float64]) -> Floats:
        """Return log(1 + x) of the mean arrivals a step in each of ``AHEAD``, and of what has come so far."""
        steps = len(mean)
        came = np.concatenate(([0.0], mean.cumsum(), np.full(AHEAD[-1][1], mean.sum())))
        now = np.arange(steps + 1)
        ahead = [(came[now + last] - came[now + first]) / (last - first) for first, last in AHEAD]
        known: Floats = np.log1p(np.stack((*ahead, came[now]), axis=1)).astype(np.float32)
        return known
