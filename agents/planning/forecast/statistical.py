"""What classical statistics foresees: seasons by MSTL, the rest by exponential smoothing (package statsforecast).

MSTL: Bandara, Hyndman, Bergmeir (2021), arXiv:2107.13462; ETS: Hyndman et al. (2008). Both are fitted once, to the
history; what arrives afterwards moves the level and the trend, and never the fit.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtri

from agents.planning.forecast.counts import LEAST_MEAN, MOST_DISPERSION, log_probability, sample_counts
from agents.planning.forecast.forecaster import MEMORY, Counts
from agents.planning.forecast.history import History
from autoscaling_env.types import FloatArray

#: So many of the last steps of the history are fitted to, at most, or so many seasons where that is more; and so many
#: of them go before what has arrived.
MOST_STEPS, MOST_SEASONS, BEFORE = 20_000, 4, 60
#: Fewer steps are not fitted to.
FEWEST = 12
_LEVEL = 90


class Statistical:
    """Foresees the season of MSTL on AutoETS's level and trend, wrapped to samples of counts.

    ETS gives the mean and the variance of each step ahead. Errors are additive, so the variances tell how an error
    goes on (the weights of its moving average): levels are sampled as paths, and counts scatter around them as
    widely as ETS saw them scatter one step ahead.

    Args:
        history: past episodes, taken as one series in their order.
        begin: the step of the history's period at which what is foreseen begins, >= 0.

    Raises:
        ModuleNotFoundError: the extra ``forecast`` (the package statsforecast) is not installed.
    """

    def __init__(self, history: History, begin: int = 0) -> None:
        from statsforecast.models import MSTL, AutoETS  # an optional extra, and seconds to import

        season = history.period or max(map(len, history.episodes))
        series = _series(history, max(MOST_STEPS, MOST_SEASONS * season))
        seasonal = np.zeros(len(series))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the fit: what it is worth is scored
            if len(series) >= 2 * season > 2 and series.min() < series.max():
                fitted = MSTL(season_length=season, trend_forecaster=AutoETS(model="AZN")).fit(series).model_
                seasonal = np.asarray(fitted["seasonal"], dtype=np.float64)
            rest = series - seasonal
            self._model: Any = AutoETS(model="AZN").fit(rest)
        end = history.offsets[-1] + len(history.episodes[-1]) if history.period else 0
        self._season: FloatArray = np.roll(np.resize(seasonal[-season:], season), end - begin)
        self._before = rest[-BEFORE:]
        mean = max(float(series.mean()), LEAST_MEAN)
        self._dispersion = float(np.clip(self._model.model_["sigma2"] / mean, 1.0, MOST_DISPERSION))

    def sample(self, arrived: Counts, horizon: int, count: int, rng: np.random.Generator) -> Counts:
        """Return futures that differ in the path of their level, and scatter around it."""
        found = self._model.forward(self._rest(arrived), h=horizon, level=[_LEVEL])
        mean = found["mean"] + self._seasonal(len(arrived), len(arrived) + horizon)
        variance = np.square((found[f"hi-{_LEVEL}"] - found["mean"]) / ndtri(0.5 + _LEVEL / 200))
        weights = np.sqrt(np.maximum(np.diff(variance), 0.0))
        errors = rng.standard_normal((count, horizon))
        level = mean + lfilter(np.concatenate(([0.0], weights)), [1.0], errors, axis=1)
        return sample_counts(np.maximum(level, 0.0), self._dispersion, rng)

    def log_scores(self, arrived: Counts) -> FloatArray:
        """Return the scores."""
        recent = arrived[-MEMORY:]
        if not len(recent):
            return np.zeros(0)
        fitted = self._model.forward(self._rest(arrived), h=1, fitted=True)["fitted"][-len(recent) :]
        first = len(arrived) - len(recent)
        mean = np.maximum(fitted + self._seasonal(first, len(arrived)), LEAST_MEAN)
        return log_probability(recent, mean, self._dispersion)

    def _rest(self, arrived: Counts) -> FloatArray:
        """Return what has arrived without the season, after the end of the history."""
        recent = arrived[-MEMORY:]
        rest: FloatArray = recent - self._seasonal(len(arrived) - len(recent), len(arrived))
        return np.concatenate((self._before, rest))

    def _seasonal(self, begin: int, end: int) -> FloatArray:
        return np.take(self._season, np.arange(begin, end), mode="wrap")


def _series(history: History, most: int) -> FloatArray:
    """Return float64[n], the last ``most`` steps of the episodes, one after the other.

    Without a period an episode is a season, and each is as long as the longest. What is too short to fit is repeated.
    """
    counts = np.concatenate(history.episodes) if history.period else history.matrix().ravel()
    series: FloatArray = np.resize(counts, max(len(counts), FEWEST)).astype(np.float64)
    return series[-most:]
