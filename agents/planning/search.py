"""The best of many plans, found with as little imagining as will do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from agents.planning.plans import Plans
from autoscaling_env.twin import Imagined
from autoscaling_env.types import FloatArray

#: Plays plans on the futures from one number to before another: ``(plans, begin, end)``.
Play: TypeAlias = Callable[[Plans, int, int], Imagined]

#: Plans are first looked at on this share of the futures ...
_HEATS = 0.25
#: ... and this share of them, the best, and four at least, on the others.
_FINALISTS = 0.25


class Search:
    """Races plans: a few futures for all, the others for those that did well (sequential halving with one cut).

    Futures are the same for all plans, so that a few tell the good from the bad (Karnin et al., "Almost Optimal
    Exploration in Multi-Armed Bandits", 2013, for the race; common random numbers for why it may be so short).

    Args:
        play: plays plans.
        weights: float64[k], how likely each future is; they sum to 1.

    Attributes:
        plans: int64[c, h], those that were played on all futures.
        imagined: what these came to.
        chosen: the row of the one that is taken for the best.
        played: plans times futures, so far.
    """

    def __init__(self, play: Play, weights: FloatArray) -> None:
        self._play, self.weights, self._futures = play, weights, len(weights)
        self._heats = int(np.ceil(_HEATS * len(weights)))
        early = weights[: self._heats]
        self._early: FloatArray = early / early.sum()
        self._firsts: list[NDArray[np.int64]] = []
        self._seen: list[FloatArray] = []
        self.plans: Plans = np.zeros((0, 0), dtype=np.int64)
        self.chosen, self.played = 0, 0

    def begin(self, plans: Plans, *, last: bool = False, inertia: float = 0.0) -> None:
        """Race the first plans; that in row 0 is played to the end however it does.

        Args:
            plans: int64[c, h].
            last: the last row is the plan that was followed so far; it is played to the end, too, and kept ...
            inertia: ... unless the best is better by so many standard errors of the futures' differences: following
                the luck of the draw costs a change at every step.
        """
        self.plans, self.imagined = self._raced(plans, (0, len(plans) - 1) if last else (0,))
        best = int(np.argmax(self.imagined.reward @ self.weights))
        followed = len(self.plans) - 1
        keeps = last and not self._is_better(self.imagined.reward[best], self.imagined.reward[followed], inertia)
        self.chosen = followed if keeps else best

    def add(self, plans: Plans, caution: float) -> bool:
        """Race more plans; the best of them is chosen if it is better for sure. Return whether it is.

        Args:
            plans: int64[c, h].
            caution: for sure: by so many standard errors of the futures' differences.
        """
        plans, imagined = self._raced(plans, ())
        rival, known = int(np.argmax(imagined.reward @ self.weights)), len(self.plans)
        better = self._is_better(imagined.reward[rival], self.imagined.reward[self.chosen], caution)
        self.plans = np.concatenate((self.plans, plans))
        self.imagined = _joined(self.imagined, imagined, axis=0)
        self.chosen = known + rival if better else self.chosen
        return better

    @property
    def best(self) -> NDArray[np.int64]:
        """int64[h], the plan that is taken for the best."""
        best: NDArray[np.int64] = self.plans[self.chosen]
        return best

    @property
    def order(self) -> NDArray[np.int64]:
        """Rows of ``plans`` from the best on, the chosen one first."""
        order = np.argsort(-(self.imagined.reward @ self.weights), kind="stable")
        return np.concatenate(([self.chosen], order[order != self.chosen]))

    def worth(self, errors: float = 0.0) -> dict[int, float]:
        """Return what the best plan that begins with each count promises beside the chosen one, which has 0.

        A plan that was played on a few futures only is compared with the chosen one on these.

        Args:
            errors: the others count less by so many standard errors of the futures' differences, and none for more than
                the chosen one: what a search did not leave its choice for, or would not have, is not better.
        """
        chosen = self.imagined.reward[self.chosen]
        early, heats = np.concatenate(self._seen), slice(self._heats)
        seen = _by_first(np.concatenate(self._firsts), _surely(early - chosen[heats], self._early, errors))
        played = _by_first(self.plans[:, 0], _surely(self.imagined.reward - chosen, self.weights, errors))
        found = {**seen, **played, int(self.best[0]): 0.0}
        return {count: min(value, 0.0) for count, value in found.items()} if errors else found

    def _is_better(self, one: FloatArray, other: FloatArray, errors: float) -> bool:
        """Whether rewards, float64[k], are higher by so many standard errors of their weighted difference."""
        return bool(_surely((one - other)[None], self.weights, errors)[0] > 0)

    def _raced(self, plans: Plans, kept: tuple[int, ...]) -> tuple[Plans, Imagined]:
        """Return those that came to the end, and what they came to."""
        first = self._played(plans, 0, self._heats)
        self._firsts.append(plans[:, 0])
        self._seen.append(first.reward)
        if self._heats == self._futures:
            return plans, first
        best = np.argsort(-(first.reward @ self._early), kind="stable")[: max(int(_FINALISTS * len(plans)), 4)]
        rows = np.union1d(best, np.array(kept, dtype=np.int64))
        rest = self._played(plans[rows], self._heats, self._futures)
        return plans[rows], _joined(_rows(first, rows), rest, axis=1)

    def _played(self, plans: Plans, begin: int, end: int) -> Imagined:
        self.played += len(plans) * (end - begin)
        return self._play(plans, begin, end)


def _by_first(firsts: NDArray[np.int64], worth: FloatArray) -> dict[int, float]:
    """Return the highest worth of the plans that begin with each count."""
    return {int(first): float(worth[firsts == first].max()) for first in np.unique(firsts)}


def _surely(gained: FloatArray, weights: FloatArray, errors: float) -> FloatArray:
    """Return float64[c], weighted means of float64[c, k] less so many of their standard errors."""
    mean: FloatArray = gained @ weights
    variance = np.square(weights * (gained - mean[:, None])).sum(axis=1) * gained.shape[1] / max(gained.shape[1] - 1, 1)
    sure: FloatArray = mean - errors * np.sqrt(variance)
    return sure


def _rows(imagined: Imagined, rows: NDArray[np.int64]) -> Imagined:
    return Imagined(*(each[rows] for each in imagined.arrays))


def _joined(one: Imagined, other: Imagined, axis: int) -> Imagined:
    return Imagined(*(np.concatenate(pair, axis=axis) for pair in zip(one.arrays, other.arrays, strict=True)))
