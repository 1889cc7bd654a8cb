"""What came on past days like this one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr

from agents.planning.forecast.counts import log_probability, sample_counts, usual_dispersion
from agents.planning.forecast.forecaster import MEMORY, Counts
from agents.planning.forecast.history import History
from autoscaling_env.types import FloatArray

#: Days are compared shifted by up to so many steps, and at these levels ...
MOST_SHIFT, LEVELS = 16, np.array([0.6, 0.77, 1.0, 1.3, 1.67])
#: ... each as likely as normal numbers of these deviations (steps, logarithms of the level) make it; 0: not at all.
SHIFT_DEVIATIONS, LEVEL_DEVIATIONS = (0.0, 2.0, 8.0), (0.0, 0.15, 0.4)
_SHIFT, _LEVEL = (each.ravel() for each in np.meshgrid(np.arange(-MOST_SHIFT, MOST_SHIFT + 1), LEVELS, indexing="ij"))
_FAR = 8.0
#: To choose among them, so many days are foreseen by the others, at every such step, so many steps ahead.
_HELD_BACK, _EVERY, _AHEAD = 8, 4, 6
#: Days of more steps are compared as they are: such a shift would be nothing there, and trying them would take minutes.
_MOST_STEPS = 1_000
#: A step's score is that of the likest: the others' weights are as good as none.
_HEARD = 256
#: Below this share of a Poisson number's variance days are alike beyond chance, as of a recording that is played again;
#: counts are then around another day's by their own scatter, but not by less than the other number's variance.
_EVEN, _LEAST_VARIANCE = 0.5, 0.05


def _prior(shift_deviation: float, level_deviation: float) -> FloatArray:
    """Return float64[grid], how likely each shift and level is; 0 for what is too far off to be looked at."""
    far = np.zeros(len(_SHIFT))
    for off, deviation in ((_SHIFT, shift_deviation), (np.log(_LEVEL), level_deviation)):
        far += np.square(off / deviation) if deviation else np.where(off == 0, 0.0, np.inf)
    weights = np.where(far < _FAR, np.exp(-0.5 * far), 0.0)
    prior: FloatArray = weights / weights.sum()
    return prior


@dataclass(frozen=True, slots=True)
class _Likes:
    """Past days as they are compared with today: of each so many, shifted and at other levels.

    Attributes:
        day, shift: int64[n].
        level: float64[n].
        log_prior: float64[n], not normalised.
    """

    day: NDArray[np.int64]
    shift: NDArray[np.int64]
    level: FloatArray
    log_prior: FloatArray

    @classmethod
    def of(cls, days: int, prior: FloatArray) -> _Likes:
        """Return those that are likely enough to be looked at; day after day."""
        kept = prior > 0
        rows = (
            np.tile(each[kept], days) for each in (_SHIFT, _LEVEL, np.log(prior, where=kept, out=np.zeros_like(prior)))
        )
        return cls(np.repeat(np.arange(days), int(kept.sum())), *rows)


class Analogs:
    """Foresees how past days went on, each as often as what has arrived is likely by it (the method of analogues).

    Lorenz, "Atmospheric Predictability as Revealed by Naturally Occurring Analogues", 1969. A day is an episode. It is
    one draw of its rates, and so is today: a step's likelihood is that of a count around the past one, smoothed over
    its neighbours, with the scatter of both. Likelihoods compare square roots, which scatter alike at every rate
    (Anscombe, 1948). What lies back counts less and less.

    Where days of the history look alike only after one is shifted in time, or brought to the other's level, days are
    compared so: a crowd that came at another time, or was higher, tells of today's. How much of that helps is found by
    foreseeing some days by the others; mostly it is none.

    Where the history has a period, a day is once round it from ``begin`` on, and after its end it comes again.

    Args:
        history: past episodes.
        forgetting: what a step ago weighs against now, 0-1.
        trust: the power of the likelihood, 0-1: past counts scatter too, and would make two episodes of the same rates
            look as different as day and night.
        begin: the step of the history's period at which what is foreseen begins, >= 0.
    """

    def __init__(self, history: History, forgetting: float = 0.97, trust: float = 0.3, begin: int = 0) -> None:
        counts = history.days(begin)
        around = np.pad(counts, ((0, 0), (1, 1)), mode="edge")
        smooth: FloatArray = 0.25 * around[:, :-2] + 0.5 * around[:, 1:-1] + 0.25 * around[:, 2:]
        # Around a mean with weights 1/4, 1/2, 1/4 that holds the count itself, its variance is 3/8 of the count's.
        self._dispersion = usual_dispersion(counts, smooth, share=3 / 8)
        self._scatter = self._dispersion * (1 + 3 / 8)
        self._longest, self._period = counts.shape[1], history.period
        self._counts, self._smooth = (_reflected(each) for each in (counts, smooth))
        self._root: FloatArray = np.sqrt(self._smooth + 3 / 8)
        self._forgetting, self._trust = forgetting, trust
        self._likes = self._chosen(counts)
        self._evenness = _evenness(counts)
        self._seen: Counts = np.zeros(0, dtype=np.int64)
        self._evidence: FloatArray = np.zeros(len(self._likes.day))
        self._scores: list[float] = []

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return how sampled past days went on; without a period nothing came after their end."""
        self._follow(arrived)
        weights = self._weights
        share = np.exp(weights - logsumexp(weights))
        rows = rng.choice(len(share), size=count, p=share / share.sum())
        steps = np.arange(len(arrived), len(arrived) + horizon)
        steps = steps % self._period if self._period else steps[steps < self._longest]
        places = steps + MOST_SHIFT - self._likes.shift[rows, None]
        days, level = self._likes.day[rows, None], self._likes.level[rows, None]
        scaled = sample_counts(level * self._smooth[days, places], self._dispersion, rng)
        futures = np.where(level == 1.0, self._counts[days, places], scaled)
        return np.pad(futures, ((0, 0), (0, horizon - len(steps))))

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores."""
        self._follow(arrived)
        return np.array(self._scores[len(self._scores) - min(len(arrived), MEMORY) :])

    @property
    def _weights(self) -> FloatArray:
        """float64[n], logarithms, not normalised."""
        weights: FloatArray = self._likes.log_prior + self._evidence
        return weights

    def _follow(self, arrived: Counts) -> None:
        """Weigh the days by what has arrived; what was seen before is remembered as long as it goes on."""
        known = len(self._seen)
        if known > len(arrived) or not np.array_equal(self._seen, arrived[:known]):
            known = max(len(arrived) - MEMORY, 0)
            self._evidence, self._scores = np.zeros(len(self._likes.day)), []
        for now in range(known, len(arrived)):
            step, came = now % self._period if self._period else now, int(arrived[now])
            self._scores.append(self._score(step, came))
            likely = self._log_likelihood(self._likes, step, came)
            self._evidence = self._forgetting * self._evidence + self._trust * likely
        self._seen, self._scores = arrived.copy(), self._scores[-MEMORY:]

    def _score(self, step: int, came: int) -> float:
        """Return the logarithm of the probability of a count, as the days are weighed now."""
        weights = self._weights
        heard = np.argpartition(weights, -min(_HEARD, len(weights)))[-_HEARD:]
        mean = np.zeros(len(heard))
        if step < self._longest:
            place = step + MOST_SHIFT - self._likes.shift[heard]
            mean = self._likes.level[heard] * self._smooth[self._likes.day[heard], place]
        weights = weights[heard]
        if self._evenness < _EVEN and step < self._longest:
            mean = self._likes.level[heard] * self._counts[self._likes.day[heard], place]
            likely = _near(came, mean, np.maximum(self._evenness * mean, _LEAST_VARIANCE))
        else:
            likely = log_probability(came, mean, self._scatter)
        return float(logsumexp(weights + likely) - logsumexp(weights))

    def _log_likelihood(self, likes: _Likes, step: int, came: int) -> FloatArray:
        """Return float64[n], up to what is the same for all; nothing is expected after the longest day."""
        if step >= self._longest:
            return np.zeros(len(likes.day))
        root = self._root[likes.day, step + MOST_SHIFT - likes.shift]
        off = np.sqrt(came + 3 / 8) - np.sqrt(likes.level) * root
        likely: FloatArray = np.square(off) * (-2.0 / self._scatter)
        return likely

    def _chosen(self, counts: Counts) -> _Likes:
        """Return days compared in the way by which the others foresee held-back ones best."""
        priors = np.array([_prior(*way) for way in product(SHIFT_DEVIATIONS, LEVEL_DEVIATIONS)])
        best = 0
        if len(counts) >= 2 * _HELD_BACK and counts.shape[1] <= _MOST_STEPS:
            held_back = np.linspace(0, len(counts) - 1, _HELD_BACK).round().astype(np.int64)
            every = _Likes.of(len(counts), np.full(len(_SHIFT), 1.0))
            found = np.array([self._foreseen(every, priors, counts[day], int(day)) for day in held_back])
            better = found - found[:, :1]
            sure = better.mean(axis=0) > better.std(axis=0) / np.sqrt(_HELD_BACK - 1)
            best = int(np.argmax(np.where(sure, better.mean(axis=0), 0.0)))
        return _Likes.of(len(counts), priors[best])

    def _foreseen(self, every: _Likes, priors: FloatArray, today: Counts, itself: int) -> FloatArray:
        """Return float64[ways], how likely the next steps of a day were by the others, in logarithms, over the day."""
        weights = np.where(every.day == itself, -np.inf, 0.0)
        likely = [self._log_likelihood(every, step, int(came)) for step, came in enumerate(today)]
        found = np.zeros(len(priors))
        for step in range(len(today) - _AHEAD):
            if step % _EVERY == 0:
                ahead = weights + sum(likely[step + 1 : step + _AHEAD], likely[step])
                found += _mixed(ahead, priors) - _mixed(weights, priors)
            weights = self._forgetting * weights + self._trust * likely[step]
        return found


def _evenness(counts: Counts) -> float:
    """Return the variance of a step's count from day to day as a share of its mean: 1 where days differ by chance."""
    apart = np.square(np.diff(counts, axis=0)).sum() / 2
    expected = (counts[1:].sum() + counts[:-1].sum()) / 2
    return float(apart / expected) if expected else 1.0


def _near(count: int, mean: FloatArray, variance: FloatArray) -> FloatArray:
    """Return the logarithms of the probability of a count by normal numbers that are rounded, and 0 where below it."""
    edges = (np.array([count - 0.5 if count else -np.inf, count + 0.5])[:, None] - mean) / np.sqrt(variance)
    below, above = ndtr(edges)
    likely: FloatArray = np.log(above - below + 1e-12)
    return likely


def _mixed(logs: FloatArray, priors: FloatArray) -> FloatArray:
    """Return float64[ways], the logarithm of the sum over days and grid, by each prior, float64[ways, grid]."""
    highest = logs.max()
    by_place = np.exp(logs - highest).reshape(-1, priors.shape[1]).sum(axis=0)
    mixed: FloatArray = highest + np.log(priors @ by_place + 1e-300)
    return mixed


def _reflected(days: NDArray[Any]) -> NDArray[Any]:
    """Return days with what comes before their begin and after their end when they are shifted, as in a mirror."""
    around = ((0, 0), (MOST_SHIFT, MOST_SHIFT))
    return np.pad(days, around, mode="reflect") if days.shape[1] > MOST_SHIFT else np.pad(days, around, mode="edge")
