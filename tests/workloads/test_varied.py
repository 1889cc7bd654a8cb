"""Phases that differ from episode to episode: the same seed the same bytes, and values spread evenly."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from autoscaling_env.config.workload import PhasesConfig
from autoscaling_env.errors import ConfigError
from autoscaling_env.testing.workload import WorkloadContract, same
from tests.workloads.making import phases_config
from workloads.phased import PhasedWorkload
from workloads.varied import VariedPhases, varies

CROWD = {"pattern": "burst", "duration_s": 90, "rate": 0.5, "factor": 6, "at_s": 40, "length_s": 10}
FREE = {"at_s": 30, "factor": 4, "duration_s": 10}
CALM = {"pattern": "steady", "duration_s": 30, "rate": 0.4}
FALSE_ALARM = 1e-6
SEEDS = range(400)


def varied(*phases: dict[str, Any], **other: Any) -> VariedPhases:
    return VariedPhases(phases_config(*phases, **other))


class TestVaried(WorkloadContract):
    """A crowd anywhere, of any height, in a phase of any length."""

    @pytest.fixture
    def workload(self) -> VariedPhases:
        return varied(CALM, CROWD | {"spread": FREE}, CALM)


class TestVariedModulated(WorkloadContract):
    """The same with bursts."""

    @pytest.fixture
    def workload(self) -> VariedPhases:
        return varied(
            CROWD | {"spread": FREE}, CALM, arrivals={"kind": "modulated", "dispersion": 4, "correlation_s": 5}
        )


def drawn(key: str, index: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    workload = varied(CROWD | {"spread": FREE}, CALM | {"spread": {"rate": 0.2}})
    return np.array([getattr(workload.phases(seed).phases[index], key) for seed in SEEDS])


@pytest.mark.parametrize(
    ("key", "index", "declared", "by"),
    [("at_s", 0, 40, 30), ("factor", 0, 6, 4), ("duration_s", 0, 90, 10), ("rate", 1, 0.4, 0.2)],
)
def test_values_are_spread_evenly_around_what_is_declared(key: str, index: int, declared: float, by: float) -> None:
    values = drawn(key, index)
    assert stats.kstest(values, stats.uniform(declared - by, 2 * by).cdf).pvalue > FALSE_ALARM


def test_values_are_independent_of_each_other() -> None:
    assert stats.spearmanr(drawn("at_s"), drawn("factor")).pvalue > FALSE_ALARM
    assert stats.spearmanr(drawn("factor"), drawn("rate", 1)).pvalue > FALSE_ALARM


def test_what_does_not_vary_stays() -> None:
    assert set(drawn("length_s")) == {10.0}


def test_as_many_tasks_are_expected_as_declared() -> None:
    workload = varied(CROWD | {"spread": {"at_s": 30, "factor": 4}}, CALM, base_rate_per_min=60)
    counts = np.array([len(workload.draw(seed)) for seed in SEEDS])
    expected = len(PhasedWorkload(phases_config(CROWD, CALM, base_rate_per_min=60)).draw(0))
    assert abs(counts.mean() - expected) < 5 * counts.std() / len(counts) ** 0.5 + 0.5
    assert counts.std() > 0


def test_tasks_come_where_the_crowd_is() -> None:
    workload = varied(CROWD | {"spread": {"at_s": 30}})
    for seed in range(20):
        (phase,) = workload.phases(seed).phases
        arrival_s = workload.draw(seed).arrival_s
        inside = ((arrival_s >= phase.at_s) & (arrival_s < phase.at_s + 10)).sum()
        assert inside == pytest.approx(300, abs=60)


def test_an_episode_is_that_of_its_phases_declared() -> None:
    workload = varied(CALM, CROWD | {"spread": FREE})
    for seed in range(5):
        assert same(workload.draw(seed, 3), PhasedWorkload(workload.phases(seed)).draw(seed, 3))


def test_a_spread_of_one_phase_shifts_no_service_times() -> None:
    plain, moved = phased_and_moved()
    assert plain.draw(7).service_s.tobytes() == moved.draw(7).service_s.tobytes()
    assert plain.draw(7).arrival_s.tobytes() != moved.draw(7).arrival_s.tobytes()


def phased_and_moved() -> tuple[PhasedWorkload, VariedPhases]:
    return PhasedWorkload(phases_config(CROWD, CALM)), varied(CROWD | {"spread": {"at_s": 30}}, CALM)


def test_another_process_draws_the_same_bytes() -> None:
    code = (
        "import hashlib; from workloads import make_workload; from workloads.scenarios import load_scenario;"
        "drawn = make_workload(load_scenario('random_flash_crowd')).draw(11);"
        "print(hashlib.sha256(drawn.arrival_s.tobytes() + drawn.service_s.tobytes()).hexdigest())"
    )
    found = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "12"
    }
    assert len(found) == 1


def test_no_spread_is_plain_phases() -> None:
    assert not varies(phases_config(CROWD, CALM))
    assert not varies(phases_config(CROWD | {"spread": {"at_s": 0}}))
    assert varies(phases_config(CROWD, CALM | {"spread": {"rate": 0.1}}))


def test_phases_without_a_task_at_their_lowest_are_refused() -> None:
    with pytest.raises(ConfigError, match="0 tasks in all"):
        varied(CALM | {"spread": {"rate": 0.4}})


def test_the_configuration_is_a_section_like_any_other() -> None:
    config = phases_config(CROWD | {"spread": FREE})
    assert PhasesConfig.model_validate_json(config.model_dump_json()) == config
    assert hash(config) == hash(phases_config(CROWD | {"spread": FREE}))
