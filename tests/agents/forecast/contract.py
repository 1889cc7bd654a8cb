"""The Forecaster contract as tests: inherit ``ForecasterContract`` and say how yours is made."""

import numpy as np
import pytest

from agents.planning.forecast import Forecaster, History
from agents.planning.forecast.forecaster import MEMORY
from tests.agents.forecast.days import random_days


class ForecasterContract:
    """Laws of every forecaster."""

    def make_forecaster(self, history: History) -> Forecaster:
        raise NotImplementedError

    @pytest.fixture
    def forecaster(self) -> Forecaster:
        return self.make_forecaster(History(5.0, random_days(20, seed=1)))

    def test_is_a_forecaster(self, forecaster: Forecaster) -> None:
        assert isinstance(forecaster, Forecaster)

    @pytest.mark.parametrize("seen", [0, 1, 7, 40, 59, 60, 90, MEMORY + 30])
    def test_samples_are_counts_whatever_was_seen(self, forecaster: Forecaster, seen: int) -> None:
        arrived = np.random.default_rng(2).poisson(9.0, size=seen)
        futures = forecaster.sample(arrived, 11, 17, np.random.default_rng(3))
        assert futures.shape == (17, 11)
        assert futures.dtype == np.int64
        assert futures.min() >= 0

    def test_the_same_generator_draws_the_same_futures(self, forecaster: Forecaster) -> None:
        arrived = np.array([4, 9, 0, 12])
        one, two = (forecaster.sample(arrived, 6, 30, np.random.default_rng(5)) for _ in range(2))
        other = forecaster.sample(arrived, 6, 30, np.random.default_rng(6))
        np.testing.assert_array_equal(one, two)
        assert (one != other).any()

    @pytest.mark.parametrize("seen", [0, 1, 30, 90, MEMORY, MEMORY + 30])
    def test_scores_are_logarithms_of_probabilities(self, forecaster: Forecaster, seen: int) -> None:
        scores = forecaster.log_scores(np.random.default_rng(4).poisson(9.0, size=seen))
        assert scores.shape == (min(seen, MEMORY),)
        assert np.isfinite(scores).all()
        assert (scores <= 1e-9).all()

    def test_a_score_knows_only_what_came_before(self, forecaster: Forecaster) -> None:
        arrived = np.array([4, 9, 0, 12, 30])
        other = np.array([4, 9, 0, 12, 2])
        assert forecaster.log_scores(arrived)[-1] != forecaster.log_scores(other)[-1]
        probabilities = [np.exp(forecaster.log_scores(np.array([4, 9, 0, 12, count]))[-1]) for count in range(400)]
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-6)

    def test_what_is_given_stays_as_it_is(self, forecaster: Forecaster) -> None:
        arrived = np.array([4, 9, 0, 12])
        arrived.setflags(write=False)
        forecaster.sample(arrived, 3, 4, np.random.default_rng(0))
        forecaster.log_scores(arrived)

    def test_no_task_ever_is_foreseen_as_few(self, forecaster: Forecaster) -> None:
        futures = forecaster.sample(np.zeros(40, dtype=np.int64), 5, 200, np.random.default_rng(0))
        assert np.isfinite(futures).all()
