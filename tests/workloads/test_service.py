"""Service times: clipped draws and their mean in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy.integrate import quad

from autoscaling_env.config.distributions import Distribution
from autoscaling_env.config.workload import DeadlineConfig, ServiceConfig
from workloads.service import DeadlineModel, ServiceModel, clipped_mean_s

KINDS: dict[str, dict[str, Any]] = {
    "constant": {"value_s": 1.2},
    "uniform": {"low_s": 0.4, "high_s": 2.2},
    "exponential": {"mean_s": 1.3},
    "gamma": {"shape": 4, "mean_s": 1.5},
    "lognormal": {"mean_s": 1.1, "cv": 0.8},
    "shifted_gamma": {"shift_s": 0.5, "shape": 2.5, "scale_s": 0.4},
    "empirical": {"values_s": [0.2, 0.9, 1.0, 3.5]},
}
BOUNDS = ((0.0, 1e9), (0.0465, 2.8704), (0.0, 0.1), (0.7, 0.7), (5.0, 9.0), (0.0, 1.0))


def distribution(kind: str) -> Distribution:
    return TypeAdapter(Distribution).validate_python({"kind": kind} | KINDS[kind], strict=False)


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_mean_in_closed_form_is_that_of_the_draws(kind: str, bounds: tuple[float, float]) -> None:
    """Within six standard errors of 200 000 draws."""
    low, high = bounds
    model = ServiceModel(ServiceConfig(distribution=distribution(kind), min_s=low, max_s=high))
    drawn = model.draw(np.random.default_rng(0), 200_000)
    assert ((drawn >= low) & (drawn <= high)).all()
    assert abs(drawn.mean() - model.mean_s()) <= 6 * drawn.std() / np.sqrt(len(drawn)) + 1e-12


@pytest.mark.parametrize("kind", ["gamma", "exponential", "lognormal", "uniform", "shifted_gamma"])
def test_clipping_nothing_leaves_the_mean(kind: str) -> None:
    assert clipped_mean_s(distribution(kind), 0.0, 1e9) == pytest.approx(distribution(kind).mean_s, rel=1e-12)


def test_the_reference_mean_by_quadrature() -> None:
    """E[clip(X)] = low + the integral of the survival function between the bounds."""
    from scipy.stats import gamma

    low, high = 0.0465, 2.8704
    area, _ = quad(gamma(4, scale=1.5 / 4).sf, low, high)
    assert clipped_mean_s(distribution("gamma"), low, high) == pytest.approx(low + area, rel=1e-9)


@settings(max_examples=100, deadline=None)
@given(
    coefficient=st.floats(0.01, 100),
    bounds=st.tuples(st.floats(0.001, 10), st.floats(0.001, 10)).map(sorted),
    service=st.lists(st.floats(0, 20), min_size=1, max_size=30),
)
def test_deadlines_are_clipped_multiples(coefficient: float, bounds: list[float], service: list[float]) -> None:
    config = DeadlineConfig(coefficient=coefficient, floor_s=bounds[0], cap_s=bounds[1])
    service_s = np.array(service)
    model = DeadlineModel(config, float(service_s.min()), float(service_s.max()))
    np.testing.assert_array_equal(model.of(service_s), np.clip(coefficient * service_s, bounds[0], bounds[1]))
