"""When tasks come within a step: forecasts count whole steps, and a queue feels what happens inside of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from agents.planning.forecast.forecaster import Counts
from autoscaling_env.types import FloatArray

#: Steps that are kept at most: more would only add likes of them.
MOST_STEPS = 4_000
#: A step is like one of those with about as many tasks: so many with fewer and as many with more.
_LIKE = 16


class Rhythm:
    """Places tasks in steps as they came in steps that were seen, which had about as many (a bootstrap of patterns).

    Spread evenly, tasks of a bursty stream would wait less in imagination than they do, and the planner would see no
    need for workers that it then lacks.

    Args:
        patterns: float64[n] each, when the tasks of a step came, in steps, 0 to below 1, sorted; those without a task
            tell nothing. None at all: evenly, as a Poisson process's tasks come.
    """

    def __init__(self, patterns: Sequence[FloatArray] = ()) -> None:
        told = sorted((each for each in patterns if len(each)), key=len)
        self._sizes = np.array([len(each) for each in told], dtype=np.int64)
        self._begins = np.cumsum(self._sizes) - self._sizes
        self._at: FloatArray = np.concatenate(told) if told else np.zeros(0)

    @classmethod
    def of_episodes(cls, episodes: Iterable[FloatArray], step_s: float) -> Rhythm:
        """Return the rhythm of episodes, arrivals in seconds from their start, sorted."""
        patterns: list[FloatArray] = []
        for arrival_s in episodes:
            steps = arrival_s / step_s
            whole = np.floor(steps)
            patterns += np.split(steps - whole, np.flatnonzero(np.diff(whole)) + 1)
            if len(patterns) >= MOST_STEPS:
                break
        return cls(patterns[:MOST_STEPS])

    def place(self, counts: Counts, rng: np.random.Generator) -> FloatArray:
        """Return float64[sum of counts]: when the tasks of steps come, in steps, sorted; step k begins at k.

        Args:
            counts: int64[s], the tasks of each of these steps.
            rng: draws.
        """
        steps = np.repeat(np.arange(len(counts)), counts)
        if not len(self._sizes):
            return np.sort(steps + rng.random(len(steps)))
        like = np.searchsorted(self._sizes, counts) + rng.integers(-_LIKE, _LIKE, size=len(counts))
        like = np.clip(like, 0, len(self._sizes) - 1)
        number = np.arange(len(steps)) - np.repeat(np.cumsum(counts) - counts, counts)
        sizes, begins = self._sizes[like][steps], self._begins[like][steps]
        # The pattern's quantiles: of as many tasks it is the pattern itself.
        place = np.clip((number + 0.5) * sizes / counts[steps] - 0.5, 0.0, sizes - 1.0)
        low = place.astype(np.int64)
        before, after = self._at[begins + low], self._at[begins + np.minimum(low + 1, sizes - 1)]
        placed: FloatArray = steps + before + (place - low) * (after - before)
        return placed
