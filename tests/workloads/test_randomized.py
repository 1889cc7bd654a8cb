"""A workload whose settings are drawn for each episode draws the tasks of the workload with these settings."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from autoscaling_env.config import Config, default_config
from autoscaling_env.errors import ConfigError
from autoscaling_env.settings import with_overrides
from autoscaling_env.testing.workload import WorkloadContract
from workloads import make_workload
from workloads.randomized import RandomizedWorkload
from workloads.scenarios import load_scenario

RATE = {"workload.base_rate_per_min": {"kind": "log_uniform", "low": 100.0, "high": 500.0}}


def drawing(config: Config, draws: dict[str, Any]) -> Any:
    return make_workload(with_overrides(config, {"randomize": draws}))


class TestRandomized(WorkloadContract):
    @pytest.fixture
    def workload(self) -> Any:
        return drawing(load_scenario("diurnal"), RATE)


@pytest.mark.parametrize(
    ("scenario", "key"),
    [
        ("flash_crowd", "workload.phases.0.at_s"),
        ("random_flash_crowd", "workload.phases.0.rate"),
        ("trace", "workload.service_scale"),
        ("trace", "workload.mean_utilisation"),
        ("heavy_tail", "workload.service"),
    ],
)
def test_an_episode_is_that_of_the_workload_with_its_settings(scenario: str, key: str) -> None:
    config = load_scenario(scenario)
    workload = drawing(config, {key: {"kind": "uniform", "low": 0.8, "high": 1.2, "relative": True}})
    assert isinstance(workload, RandomizedWorkload)
    other = make_workload(config.model_copy(update={"workload": workload.config_of(3)}))
    for one, two in zip(_arrays(workload.draw(3)), _arrays(other.draw(3)), strict=True):
        assert one.tobytes() == two.tobytes()
    again = pickle.loads(pickle.dumps(workload))  # noqa: S301 - our own
    assert again.draw(3).service_s.tobytes() == workload.draw(3).service_s.tobytes()


def _arrays(batch: Any) -> tuple[np.ndarray, ...]:
    return batch.arrival_s, batch.service_s, batch.deadline_s, batch.segment_start_s


def test_what_is_known_of_it_is_what_was_declared() -> None:
    plain, workload = make_workload(default_config()), drawing(default_config(), RATE)
    assert (workload.name, workload.mean_service_s) == (plain.name, plain.mean_service_s)
    assert workload.notes == ("Drawn anew for every episode: workload.base_rate_per_min.",)
    assert len({len(workload.draw(seed)) for seed in range(20)}) > 15
    longer = drawing(default_config(), {"workload.phases.0.duration_s": {"kind": "uniform", "low": 30, "high": 90}})
    assert longer.duration_s == plain.duration_s + 30


def test_settings_that_leave_no_task_are_refused_when_it_is_made() -> None:
    with pytest.raises(ConfigError, match="0 tasks in all"):
        drawing(default_config(), {"workload.base_rate_per_min": {"kind": "uniform", "low": 0.01, "high": 300.0}})
