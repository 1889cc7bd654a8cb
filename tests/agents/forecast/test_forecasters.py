"""What each forecaster foresees, on counts whose law is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from agents.planning.forecast import Analogs, Forecaster, ForecastScore, History, Mixture, Persistence, Profile, score
from agents.planning.forecast.counts import dispersion_around, log_probability, sample_counts
from agents.planning.forecast.scoring import pinball_loss
from tests.agents.forecast.contract import ForecasterContract
from tests.agents.forecast.days import SHAPE, STEPS, flash_days, random_days


class TestPersistence(ForecasterContract):
    def make_forecaster(self, history: History) -> Forecaster:
        return Persistence(history.mean)

    def test_expects_the_mean_of_the_last_steps(self) -> None:
        futures = Persistence(1.0, window=4).sample(
            np.array([90, 90, 8, 12, 9, 11]), 5, 20_000, np.random.default_rng(0)
        )
        assert_allclose(futures.mean(axis=0), 10.0, rtol=0.1)

    def test_expects_the_prior_before_anything_came(self) -> None:
        nothing = np.zeros(0, dtype=np.int64)
        futures = Persistence(7.0).sample(nothing, 3, 20_000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0), 7.0, rtol=0.1)

    def test_foresees_bursts_where_there_were_bursts(self) -> None:
        rng = np.random.default_rng(0)
        even, bursts = rng.poisson(20.0, 200), sample_counts(np.full(200, 20.0), 15.0, rng)
        spread = [Persistence(20.0).sample(seen, 1, 5000, np.random.default_rng(1)).std() for seen in (even, bursts)]
        assert spread[1] > 2 * spread[0]


class TestProfile(ForecasterContract):
    def make_forecaster(self, history: History) -> Forecaster:
        return Profile(history)

    def test_its_quantiles_hold_what_they_say(self) -> None:
        profile = Profile(History(5.0, random_days(200, seed=1)))
        scored = score(profile, random_days(40, seed=2), horizon=10, rng=np.random.default_rng(0), every=5)
        assert_allclose(scored.coverage, scored.levels, atol=0.05)

    def test_learns_the_level_of_today(self) -> None:
        levels = (0.5, 0.8, 1.0, 1.3, 2.0)
        profile = Profile(History(5.0, random_days(100, seed=1, levels=levels)))
        (today,) = random_days(1, seed=9, levels=(2.0,))
        futures = profile.sample(today[:15], 30, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0)[5:25], 2 * 16.0, rtol=0.15)

    def test_a_period_is_foreseen_over_and_over_from_where_today_begins(self) -> None:
        days = History(5.0, random_days(40, seed=1), period=STEPS)
        nothing = np.zeros(0, dtype=np.int64)
        futures = Profile(days, begin=50).sample(nothing, 80, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0), np.resize(np.roll(SHAPE, -50), 80), rtol=0.2)

    def test_weekends_are_told_from_weekdays(self) -> None:
        week = [np.full(10, 2.0 if day % 7 > 4 else 20.0) for day in range(28)]
        counts = tuple(map(np.random.default_rng(1).poisson, week))
        days = History(60.0, counts, period=70, offsets=tuple(10 * (day % 7) for day in range(28)))
        nothing = np.zeros(0, dtype=np.int64)
        futures = Profile(days, begin=40).sample(nothing, 30, 4000, np.random.default_rng(0)).mean(axis=0)
        assert_allclose(futures.reshape(3, 10).mean(axis=1), [20.0, 2.0, 2.0], rtol=0.15)

    def test_a_time_that_was_never_seen_is_like_any_other(self) -> None:
        half = History(5.0, random_days(40, seed=1, shape=np.full(30, 8.0)), period=60)
        nothing = np.zeros(0, dtype=np.int64)
        futures = Profile(half).sample(nothing, 60, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0)[40:], 8.0, rtol=0.1)


class TestAnalogs(ForecasterContract):
    def make_forecaster(self, history: History) -> Forecaster:
        return Analogs(history)

    def test_a_crowd_that_has_begun_is_followed_to_its_end(self) -> None:
        analogs = Analogs(History(5.0, flash_days(300, seed=1)))
        arrived = np.array([4] * 20 + [40, 40])
        futures = analogs.sample(arrived, 10, 2000, np.random.default_rng(0)).mean(axis=0)
        assert futures[:3].min() > 20
        assert futures[6:].max() < 10

    def test_a_crowd_that_has_gone_does_not_come_again(self) -> None:
        analogs = Analogs(History(5.0, flash_days(300, seed=1)))
        arrived = np.array([4] * 10 + [40] * 6 + [4] * 10)
        assert analogs.sample(arrived, 20, 2000, np.random.default_rng(0)).mean() < 6

    def test_days_are_shifted_where_crowds_come_at_any_time(self) -> None:
        """With few days none has its crowd where today has it; shifted, they foresee it nearly as many days do."""
        held_back, few = flash_days(20, seed=2), Analogs(History(5.0, flash_days(40, seed=1)))
        many = Analogs(History(5.0, flash_days(800, seed=1)))
        scores = [score(each, held_back, horizon=8, rng=np.random.default_rng(0), every=3) for each in (few, many)]
        assert scores[0].pinball.mean() < 1.15 * scores[1].pinball.mean()
        assert len(np.unique(few._likes.shift)) > 8

    def test_days_that_are_alike_as_they_are_are_not_shifted(self) -> None:
        for days in (random_days(40, seed=1), flash_days(40, seed=1, begin=20)):
            likes = Analogs(History(5.0, days))._likes
            assert set(likes.shift.tolist()) == {0}
            assert set(likes.level.tolist()) == {1.0}

    def test_days_are_brought_to_todays_level_where_levels_differ(self) -> None:
        levels = np.exp(np.random.default_rng(3).normal(0.0, 0.5, size=40)).tolist()
        days = random_days(40, seed=1, shape=4 * SHAPE, levels=levels)
        likes = Analogs(History(5.0, days))._likes
        assert len(np.unique(likes.level)) > 1

    def test_a_day_that_always_comes_again_is_believed_to_the_task(self) -> None:
        (day,) = random_days(1, seed=1)
        analogs = Analogs(History(5.0, (day,) * 20))
        assert np.exp(analogs.log_scores(day)).min() > 0.95
        assert Analogs(History(5.0, random_days(40, seed=1)))._evenness > 0.8

    @pytest.mark.parametrize("days", [random_days(30, seed=1), flash_days(40, seed=1)])
    def test_what_was_asked_before_changes_nothing(self, days: tuple[np.ndarray, ...]) -> None:
        (today,), (other,) = flash_days(1, seed=7), random_days(1, seed=8)
        used = Analogs(History(5.0, days))
        for seen in (today[:9], today[:10], today[:30], other[:12], other[:3], today[:40]):
            fresh = Analogs(History(5.0, days))
            assert_allclose(used.log_scores(seen), fresh.log_scores(seen))
            one, other_one = (each.sample(seen, 9, 50, np.random.default_rng(0)) for each in (used, fresh))
            assert_array_equal(one, other_one)

    def test_with_a_period_today_is_compared_at_its_time_of_the_day(self) -> None:
        (recording,) = (np.concatenate(random_days(14, seed=1)),)
        analogs = Analogs(History(5.0, (recording,), period=STEPS), begin=30)
        nothing = np.zeros(0, dtype=np.int64)
        futures = analogs.sample(nothing, 80, 4000, np.random.default_rng(0))
        assert_allclose(futures.mean(axis=0), np.resize(np.roll(SHAPE, -30), 80), rtol=0.4)

    def test_with_a_period_a_day_goes_on_after_its_end(self) -> None:
        days = History(5.0, random_days(20, seed=1), period=STEPS)
        today = np.concatenate(random_days(2, seed=5))[: STEPS + 15]
        futures = Analogs(days).sample(today, 10, 2000, np.random.default_rng(0)).mean(axis=0)
        assert_allclose(futures, SHAPE[15:25], rtol=0.4)

    def test_a_weekend_is_foreseen_by_weekends(self) -> None:
        week = [np.full(10, 2.0 if day % 7 > 4 else 20.0) for day in range(42)]
        counts = tuple(map(np.random.default_rng(1).poisson, week))
        days = History(60.0, counts, period=70, offsets=tuple(10 * (day % 7) for day in range(42)))
        friday = Analogs(days, begin=40).sample(np.full(5, 20), 25, 4000, np.random.default_rng(0)).mean(axis=0)
        assert_allclose([friday[:5].mean(), friday[5:].mean()], [20.0, 2.0], rtol=0.2)


class TestAnalogsOfOneDay(ForecasterContract):
    """A history of one day again and again, and of a few others."""

    def make_forecaster(self, history: History) -> Forecaster:
        return Analogs(History(history.step_s, history.episodes[:1] * 16 + history.episodes[1:5]))


class TestMixture(ForecasterContract):
    def make_forecaster(self, history: History) -> Forecaster:
        return Mixture((Persistence(history.mean), Profile(history), Analogs(history)))

    def test_a_true_history_is_heard(self) -> None:
        days = History(5.0, random_days(100, seed=1))
        mixture = Mixture((Persistence(days.mean), Profile(days)))
        (today,) = random_days(1, seed=5)
        assert mixture.weights(today[:24])[1] > 0.8  # four steps after the rise

    def test_a_history_that_stopped_being_true_is_not(self) -> None:
        days = History(5.0, random_days(100, seed=1))
        mixture = Mixture((Persistence(days.mean), Profile(days)))
        today = np.random.default_rng(5).poisson(np.concatenate((SHAPE[:15], np.full(15, 90.0))))
        assert mixture.weights(today[:15])[1] > 0.3
        assert mixture.weights(today)[1] < 0.1
        assert mixture.sample(today, 5, 400, np.random.default_rng(0)).mean() == pytest.approx(90.0, rel=0.15)

    @pytest.mark.parametrize("apart", [0, 1])
    def test_a_day_that_always_comes_again_is_heard_from_who_has_seen_it(self, apart: int) -> None:
        rng, (day,) = np.random.default_rng(4), random_days(1, seed=1, shape=3 * SHAPE)
        played = [np.maximum(day + rng.integers(-apart, apart + 1, size=STEPS), 0) for _ in range(21)]
        days = History(5.0, tuple(played[:20]))
        mixture = Mixture((Persistence(days.mean), Profile(days), Analogs(days)))
        assert mixture.weights(played[20][:12])[2] > 0.9

    def test_a_member_has_as_many_samples_as_weight(self) -> None:
        days = History(5.0, random_days(10, seed=1))
        mixture = Mixture((Persistence(3.0), Profile(days), Analogs(days)))
        nothing = np.zeros(0, dtype=np.int64)
        assert_allclose(mixture.weights(nothing), 1 / 3)
        for count in (1, 2, 3, 10):
            assert mixture.sample(nothing, 4, count, np.random.default_rng(0)).shape == (count, 4)


def test_the_profile_beats_persistence_where_days_are_alike() -> None:
    days, held_back = History(5.0, random_days(50, seed=1)), random_days(10, seed=2)
    losses = [
        score(each, held_back, horizon=12, rng=np.random.default_rng(0), every=3).pinball.mean()
        for each in (Persistence(days.mean), Profile(days), Analogs(days))
    ]
    assert losses[1] < 0.6 * losses[0]
    assert losses[2] < 0.7 * losses[0]


@given(st.integers(0, 200), st.floats(0.1, 100.0), st.floats(1.01, 40.0))
def test_probabilities_are_the_negative_binomials(count: int, mean: float, dispersion: float) -> None:
    shape, share = mean / (dispersion - 1.0), 1.0 / dispersion
    assert_allclose(log_probability(count, mean, dispersion), stats.nbinom.logpmf(count, shape, share), rtol=1e-6)


@given(st.integers(0, 200), st.floats(0.1, 100.0), st.floats(0.1, 1.0))
def test_what_comes_more_evenly_is_poisson(count: int, mean: float, dispersion: float) -> None:
    assert_allclose(log_probability(count, mean, dispersion), stats.poisson.logpmf(count, mean), rtol=1e-9)


@pytest.mark.parametrize("dispersion", [1.0, 3.0, 12.0])
def test_samples_have_the_mean_and_the_dispersion(dispersion: float) -> None:
    drawn = sample_counts(np.full(100_000, 20.0), dispersion, np.random.default_rng(0))
    assert drawn.mean() == pytest.approx(20.0, rel=0.02)
    assert drawn.var() / drawn.mean() == pytest.approx(dispersion, rel=0.05)
    assert dispersion_around(drawn, np.full(100_000, 20.0)) == pytest.approx(dispersion, rel=0.05)


def test_nothing_is_sampled_around_nothing() -> None:
    assert_array_equal(sample_counts(np.zeros(5), 4.0, np.random.default_rng(0)), np.zeros(5))
    assert dispersion_around(np.zeros(5), np.zeros(5)) == 1.0


def test_pinball_loss_is_least_at_the_quantile() -> None:
    values = np.random.default_rng(0).poisson(20.0, size=4000)
    candidates = np.arange(40.0)
    losses = pinball_loss(values[:, None], candidates, 0.75).mean(axis=0)
    assert candidates[np.argmin(losses)] == np.quantile(values, 0.75)
    assert pinball_loss(np.array([3.0]), np.array([5.0]), 0.75) == pytest.approx(0.5)


def test_an_episode_shorter_than_the_horizon_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="no episode has 9 steps"):
        score(Persistence(1.0), [np.ones(8, dtype=np.int64)], horizon=9, rng=np.random.default_rng(0))


def test_scores_are_combined_by_how_many_forecasts_they_are_of() -> None:
    days, rng = random_days(3, seed=1), np.random.default_rng
    parts = [score(Persistence(9.0), each, horizon=5, rng=rng(0), every=7) for each in (days[:1], days[1:])]
    both = ForecastScore.combined(parts)
    assert both.forecasts == parts[0].forecasts + parts[1].forecasts
    assert_allclose(both.pinball, (parts[0].pinball + 2 * parts[1].pinball) / 3)
    assert_allclose(both.coverage, (parts[0].coverage + 2 * parts[1].coverage) / 3)


def test_a_prior_that_is_a_guess_is_soon_outweighed() -> None:
    seen, rng = np.array([4, 4, 4], dtype=np.int64), np.random.default_rng(0)
    sure, guess = Persistence(40.0), Persistence(40.0, weight=0.1)
    assert sure.sample(seen, 1, 4000, rng).mean() == pytest.approx((40 + 12) / 4, rel=0.1)
    assert guess.sample(seen, 1, 4000, rng).mean() == pytest.approx((4 + 12) / 3.1, rel=0.1)
