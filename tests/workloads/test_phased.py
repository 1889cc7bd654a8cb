"""Phases: exact counts, bounds, order, and arrivals that follow the rate."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from autoscaling_env.config import default_config
from autoscaling_env.config.workload import PhasesConfig
from autoscaling_env.errors import ConfigError
from autoscaling_env.testing.workload import WorkloadContract, check_batch, same
from tests.workloads.making import REFERENCE, phased
from workloads import make_workload
from workloads.phased import PhasedWorkload
from workloads.rates import RateCurve, rate_curve

STEADY = {"pattern": "steady", "duration_s": 40, "rate": 1.0}
SHAPES: dict[str, dict[str, Any]] = {
    "steady": STEADY,
    "constant": STEADY | {"pattern": "constant"},
    "rectangle": {"pattern": "burst", "duration_s": 60, "rate": 0.5, "factor": 6, "at_s": 10, "length_s": 20},
    "spike": {
        "pattern": "burst",
        "duration_s": 60,
        "rate": 0.5,
        "factor": 6,
        "at_s": 10,
        "length_s": 20,
        "shape": "spike",
    },
    "oscillation": {"pattern": "oscillation", "duration_s": 60, "min_rate": 0, "max_rate": 2, "cycles": 2.5},
    "oscillation_slow": {"pattern": "oscillation_slow", "duration_s": 60, "min_rate": 0.5, "max_rate": 1.5},
    "oscillation_fast": {"pattern": "oscillation_fast", "duration_s": 60, "min_rate": 0.3, "max_rate": 1.7},
    "ramp": {"pattern": "ramp", "duration_s": 60, "from_rate": 0, "to_rate": 2},
    "ramp_down": {"pattern": "ramp", "duration_s": 60, "from_rate": 2, "to_rate": 0},
    "on_off": {"pattern": "on_off", "duration_s": 60, "on_rate": 2, "on_s": 7, "off_s": 5},
}
FALSE_ALARM = 1e-6


class TestReference(WorkloadContract):
    """The packaged configuration."""

    drifts = True

    @pytest.fixture
    def workload(self) -> PhasedWorkload:
        return phased(base_rate_per_min=300)

    def test_has_the_published_counts_and_bounds(self, workload: PhasedWorkload) -> None:
        batch = make_workload(default_config()).draw(0)
        per_phase = np.diff([*np.searchsorted(batch.arrival_s, batch.segment_start_s), len(batch)])
        assert per_phase.tolist() == [90, 450, 300, 300]
        assert batch.service_s.min() >= 0.0465
        assert batch.service_s.max() <= 2.8704
        np.testing.assert_array_equal(batch.deadline_s, np.clip(2 * batch.service_s, 0.1, 30))
        assert workload.duration_s == 240


class TestAllShapes(WorkloadContract):
    """One phase of every kind."""

    @pytest.fixture
    def workload(self) -> PhasedWorkload:
        return phased(*SHAPES.values())


@pytest.mark.parametrize("shape", SHAPES)
def test_arrivals_follow_the_rate(shape: str) -> None:
    """Kolmogorov-Smirnov: through the cumulative rate, arrivals are uniform (false alarm 1e-6)."""
    workload = phased(SHAPES[shape] | {"tasks": 20_000})
    curve = rate_curve(workload._config.phases[0], 1.0)
    share = curve.expected(workload.draw(11).arrival_s) / curve.total
    assert stats.kstest(share, "uniform").pvalue > FALSE_ALARM


def test_an_oscillation_really_oscillates() -> None:
    """The middle of the rising half holds several times the tasks of the falling half's."""
    workload = phased(SHAPES["oscillation_fast"] | {"tasks": 8_000})
    per_eighth, _ = np.histogram(workload.draw(0).arrival_s, bins=np.linspace(0, 60, 9))
    high, low = per_eighth[::2], per_eighth[1::2]
    assert (high > 1.8 * low).all()


def test_swings_follow_the_name() -> None:
    phases = phased(SHAPES["oscillation_slow"], SHAPES["oscillation_fast"])._config.phases
    assert [phase.swings for phase in phases] == [1, 4]


def test_a_flat_test_would_see_the_swing() -> None:
    """The law above can fail: oscillating arrivals are not uniform in time."""
    batch = phased(SHAPES["oscillation_fast"] | {"tasks": 20_000}).draw(0)
    assert stats.kstest(batch.arrival_s / 60, "uniform").pvalue < FALSE_ALARM


seconds = st.floats(0.01, 500, allow_nan=False)
rates = st.floats(0, 5, allow_nan=False)


@st.composite
def phases(draw: st.DrawFn) -> dict[str, Any]:
    duration = draw(seconds)
    phase = {"duration_s": duration, "tasks": draw(st.integers(0, 300))}
    match draw(st.sampled_from(["steady", "burst", "oscillation", "ramp", "on_off"])):
        case "steady":
            return phase | {"pattern": "steady", "rate": draw(rates) + 0.01}
        case "burst":
            at, length = sorted((draw(st.floats(0, 0.5)), draw(st.floats(0.01, 0.5))))
            shape = draw(st.sampled_from(["rectangle", "spike"]))
            burst = {"at_s": at * duration, "length_s": max(length * duration / 2, 1e-3 * duration), "shape": shape}
            return phase | {"pattern": "burst", "rate": draw(rates) + 0.01, "factor": draw(st.floats(0, 9))} | burst
        case "oscillation":
            low, high = sorted((draw(rates), draw(rates) + 0.01))
            swings = {"cycles": draw(st.floats(0.1, 9)), "min_rate": low, "max_rate": high}
            return phase | {"pattern": "oscillation"} | swings
        case "ramp":
            return phase | {"pattern": "ramp", "from_rate": draw(rates), "to_rate": draw(rates) + 0.01}
        case _:
            periods = {"on_s": draw(st.floats(0.1, 50)), "off_s": draw(st.floats(0.1, 50))}
            return phase | {"pattern": "on_off", "on_rate": draw(rates) + 0.01, "off_rate": draw(rates)} | periods


@settings(max_examples=150, deadline=None)
@given(st.lists(phases(), min_size=1, max_size=5), st.integers(0, 2**53 - 1), st.none() | st.integers(0, 99))
def test_every_phase_has_its_tasks_inside_it(listed: list[dict[str, Any]], seed: int, order_seed: int | None) -> None:
    if not sum(phase["tasks"] for phase in listed):
        listed[0]["tasks"] = 1
    workload = phased(*listed)
    batch = workload.draw(seed, order_seed)
    check_batch(batch)
    order = range(len(listed)) if order_seed is None else workload.order(order_seed)
    bounds = [*batch.segment_start_s, workload.duration_s]
    held = np.diff(np.searchsorted(batch.arrival_s, bounds, side="left"))
    assert held.tolist() == [listed[index]["tasks"] for index in order]
    assert len(batch) == held.sum()


@settings(max_examples=100, deadline=None)
@given(phases(), st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_inverting_undoes_the_cumulative_rate(phase: dict[str, Any], uniform: list[float]) -> None:
    curve = rate_curve(phased(phase | {"tasks": 1})._config.phases[0], 2.0)
    times = curve.when(np.array(uniform) * curve.total)
    assert ((times >= 0) & (times <= curve.duration_s)).all()
    np.testing.assert_allclose(curve.expected(times), np.array(uniform) * curve.total, atol=1e-7 * curve.total)


def test_tasks_are_the_rounded_integral_where_none_are_given() -> None:
    workload = phased(SHAPES["ramp"], SHAPES["rectangle"], SHAPES["oscillation_slow"], base_rate_per_min=60)
    held = np.diff([*np.searchsorted((b := workload.draw(0)).arrival_s, b.segment_start_s), len(b)])
    assert held.tolist() == [60, 20 + 60, 60]


def test_nothing_arrives_while_off() -> None:
    arrival_s = phased(SHAPES["on_off"]).draw(5).arrival_s
    assert (arrival_s % 12 < 7).all()


def test_shuffling_moves_phases_and_leaves_service_times() -> None:
    workload = phased(base_rate_per_min=300)
    seen = {workload.order(seed) for seed in range(200)}
    assert len(seen) == 24
    straight, shuffled = workload.draw(1), workload.draw(1, 4)
    assert straight.service_s.tobytes() == shuffled.service_s.tobytes()
    assert workload.order(4) != (0, 1, 2, 3)
    assert not same(straight, shuffled)


def test_arrivals_and_service_times_have_streams_of_their_own() -> None:
    """Another service distribution moves no arrival."""
    fixed = {"distribution": {"kind": "constant", "value_s": 1.0}}
    assert phased().draw(7).arrival_s.tobytes() == phased(service=fixed).draw(7).arrival_s.tobytes()


def test_a_second_process_draws_the_same_bytes() -> None:
    code = (
        "import sys;from autoscaling_env.config import default_config;from workloads import make_workload;"
        "b=make_workload(default_config()).draw(42,7);"
        "sys.stdout.buffer.write(b.arrival_s.tobytes()+b.service_s.tobytes()+b.deadline_s.tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    batch = make_workload(default_config()).draw(42, 7)
    assert other == batch.arrival_s.tobytes() + batch.service_s.tobytes() + batch.deadline_s.tobytes()


def test_pandas_is_not_needed_for_phases() -> None:
    code = (
        "import sys;from autoscaling_env.config import default_config;from workloads import make_workload;"
        "make_workload(default_config()).draw(0);sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        (SHAPES["rectangle"] | {"at_s": 50}, "the burst ends at at_s + length_s = 70, after the phase's duration_s 60"),
        (SHAPES["oscillation"] | {"min_rate": 3}, "min_rate 3 must not exceed max_rate 2"),
        (SHAPES["on_off"] | {"duration_s": 1e9}, "at most 10000 on/off periods in a phase"),
        (STEADY | {"pattern": "stedy"}, "does not match any of the expected tags"),
        (STEADY | {"rate": -1}, "greater than or equal to 0"),
    ],
)
def test_a_wrong_phase_is_refused(phase: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        phased(phase)
    assert message in str(caught.value)


def test_a_workload_has_tasks() -> None:
    silent = STEADY | {"rate": 0.0}
    with pytest.raises(ConfigError) as caught:
        phased(silent, silent | {"tasks": 3})
    assert caught.value.problems == ("workload.phases.1.tasks: 3: must be 0 where the rate is 0 throughout the phase",)
    with pytest.raises(ConfigError, match=r"workload.phases: 0 tasks in all; must be between 1 and 50000000"):
        phased(silent)
    with pytest.raises(ConfigError, match="must be between 1 and"):
        phased(STEADY | {"rate": 1e6, "duration_s": 1e6})


def test_a_curve_knows_its_total() -> None:
    curve = RateCurve(np.array([0.0, 10.0, 10.0, 20.0]), np.array([0.0, 2.0, 5.0, 5.0]))
    assert curve.total == 60
    assert curve.expected(np.array([5.0, 10.0, 20.0])).tolist() == [2.5, 10.0, 60.0]
    assert not curve.is_flat


def test_the_reference_phases_stay_flat() -> None:
    """The published run was flat through a defect; its configuration says so."""
    config = PhasesConfig.model_validate_json(default_config().workload.model_dump_json())
    assert {phase.pattern for phase in config.phases} == {"steady"}
    assert REFERENCE["kind"] == "phases"
