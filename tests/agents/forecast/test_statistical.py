"""MSTL and AutoETS, wrapped to samples; without the extra ``forecast`` these are skipped."""

import sys
from importlib.util import find_spec

import numpy as np
import pytest
from numpy.testing import assert_allclose

from agents.planning.forecast import Forecaster, History, Persistence, score
from agents.planning.forecast.statistical import Statistical
from tests.agents.forecast.contract import ForecasterContract
from tests.agents.forecast.days import SHAPE, STEPS, random_days


def test_without_the_package_it_says_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    with pytest.raises(ModuleNotFoundError, match="statsforecast"):
        Statistical(History(5.0, random_days(3, seed=1)))


@pytest.mark.skipif(find_spec("statsforecast") is None, reason="the extra forecast is not installed")
class TestStatistical(ForecasterContract):
    def make_forecaster(self, history: History) -> Forecaster:
        return Statistical(history)

    def test_the_season_is_found(self) -> None:
        found = Statistical(History(5.0, random_days(20, seed=1)))
        (today,) = random_days(1, seed=9)
        futures = found.sample(today[:10], 40, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0), SHAPE[10:50], atol=4.0)

    def test_a_period_begins_where_it_is_told(self) -> None:
        found = Statistical(History(5.0, random_days(20, seed=1), period=STEPS), begin=15)
        futures = found.sample(np.zeros(0, dtype=np.int64), 20, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0), SHAPE[15:35], atol=4.0)

    def test_it_beats_persistence_and_its_quantiles_hold(self) -> None:
        days, held_back = History(5.0, random_days(30, seed=1)), random_days(10, seed=2)
        scored, base = (
            score(each, held_back, horizon=12, rng=np.random.default_rng(0), every=3)
            for each in (Statistical(days), Persistence(days.mean))
        )
        assert scored.pinball.mean() < 0.7 * base.pinball.mean()
        assert_allclose(scored.coverage, scored.levels, atol=0.1)

    def test_a_history_of_one_count_is_foreseen(self) -> None:
        found = Statistical(History(5.0, (np.array([3]),)))
        assert found.sample(np.array([3, 3]), 4, 5, np.random.default_rng(0)).shape == (5, 4)
