"""What a thread draws from a counter has the distribution that is configured, as what NumPy draws has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from autoscaling_env.config import distributions as dist
from simulator.cuda.laws import Draw, laws_of, sample

#: Numbers drawn of each; a wrong parameter of a tenth is found.
SIZE = 2000
#: The seeds are fixed: a law that holds is never refused here.
SIGNIFICANCE = 1e-3
DISTRIBUTIONS: dict[str, dist.Distribution] = {
    "uniform": dist.Uniform(low_s=0.5, high_s=2.0),
    "exponential": dist.Exponential(mean_s=3.0),
    "gamma": dist.Gamma(shape=4.0, mean_s=2.0),
    "gamma below 1": dist.Gamma(shape=0.3, mean_s=2.0),
    "shifted gamma": dist.ShiftedGamma(shift_s=4.0, shape=1.5, scale_s=2.0),
    "lognormal": dist.Lognormal(mean_s=1.5, cv=3.0),
    "empirical": dist.Empirical(values_s=(0.5, 1.0, 1.0, 4.0)),
}


def drawn(distribution: dist.Distribution, bounds_s: tuple[float, float] = (0.0, math.inf), row: int = 0) -> np.ndarray:
    laws, values = laws_of([(dist.Constant(value_s=9.0), (0.0, math.inf)), (distribution, bounds_s)])
    return np.array([sample(laws, values, 1, Draw(5, 3, row, 1, place)) for place in range(SIZE)])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_as_numpy_draws(name: str) -> None:
    expected = DISTRIBUTIONS[name].sample(np.random.default_rng(1), 20_000)
    found = drawn(DISTRIBUTIONS[name])
    assert stats.ks_2samp(found, expected).pvalue > SIGNIFICANCE
    assert abs(stats.spearmanr(found[:-1], found[1:]).statistic) < 4 / math.sqrt(SIZE)


def test_another_row_has_other_numbers() -> None:
    one, two = (drawn(DISTRIBUTIONS["gamma"], row=row) for row in (0, 1))
    assert abs(stats.spearmanr(one, two).statistic) < 4 / math.sqrt(SIZE)
    assert stats.ks_2samp(one, two).pvalue > SIGNIFICANCE


def test_a_constant_is_one_and_bounds_hold() -> None:
    assert set(drawn(dist.Constant(value_s=2.5))) == {2.5}
    clipped = drawn(dist.Exponential(mean_s=1.0), (0.5, 1.5))
    assert (clipped.min(), clipped.max()) == (0.5, 1.5)
    assert abs(np.mean(clipped == 0.5) - (1 - math.exp(-0.5))) < 0.05
