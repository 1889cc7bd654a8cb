"""Episodes drawn for many seeds at once are those the workload draws one by one, in every scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autoscaling_env.config import Config
from autoscaling_env.plugins import make_workload
from autoscaling_env.settings import with_overrides
from autoscaling_env.workload import draw_episode
from simulator.compiled.episodes import TOGETHER, EpisodeBatch
from simulator.compiled.streams import Streams
from simulator.delays import overheads, pickup_delays, startup_delays
from workloads.scenarios import load_scenario, scenario_names

VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "own order": {"environment.phase_shuffle": True},
    "one order": {"environment.phase_shuffle": True, "environment.phase_shuffle_seed": 4},
    "other delays": {
        "farm.pickup": {"kind": "exponential", "mean_s": 0.2},
        "farm.startup": {"kind": "lognormal", "mean_s": 5.0, "cv": 0.5},
        "farm.service_overhead": {"kind": "empirical", "values_s": [0.0, 0.1, 0.3]},
    },
    "no delays": {
        "farm.pickup": {"kind": "constant", "value_s": 0.0},
        "farm.startup": {"kind": "constant", "value_s": 3.0},
    },
}


def assert_drawn(config: Config, fleet: EpisodeBatch, row: int, seed: int) -> None:
    batch = draw_episode(make_workload(config), config.environment, seed)
    farms, size = fleet.episodes.farms, len(batch)
    assert farms.arrival_s[row, :size].tobytes() == batch.arrival_s.tobytes()
    assert farms.work_s[row, :size].tobytes() == (batch.service_s + overheads(config.farm, batch)).tobytes()
    assert farms.pickup_s[row, :size].tobytes() == pickup_delays(config.farm, batch).tobytes()
    assert fleet.episodes.deadline_s[row, :size].tobytes() == batch.deadline_s.tobytes()
    segments = batch.segment_start_s
    assert fleet.episodes.segment_s[row, : len(segments)].tolist() == segments.tolist()
    count = farms.startup_s.shape[1]
    assert farms.startup_s[row].tobytes() == startup_delays(config.farm, seed, count)[:count].tobytes()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", scenario_names())
def test_same_tasks_and_delays(name: str, variant: str) -> None:
    if "shuffle" in str(VARIANTS[variant]) and load_scenario(name).workload.kind != "phases":
        return  # a trace has no phases
    config = with_overrides(load_scenario(name), VARIANTS[variant])
    workload = make_workload(config)
    fleet = EpisodeBatch(config, workload.mean_service_s, TOGETHER + 5)
    seeds = np.random.default_rng(3).integers(2**53, size=TOGETHER + 5)
    scattered = np.array([0, 2, 3, 9])
    fleet.draw(workload, np.arange(TOGETHER + 5), seeds, Streams())
    fleet.draw(workload, scattered, scattered, Streams())
    for row in (*scattered.tolist(), 1, TOGETHER, TOGETHER + 4):
        assert_drawn(config, fleet, row, row if row in scattered else int(seeds[row]))


def test_more_start_ups_go_on_where_the_others_ended() -> None:
    config = with_overrides(load_scenario(scenario_names()[0]), {"environment.max_steps": 400})
    workload = make_workload(config)
    fleet = EpisodeBatch(config, workload.mean_service_s, 3)
    fleet.draw(workload, np.arange(3), np.array([5, 6, 7]), Streams())
    fleet.begin(np.arange(3))
    count = fleet.episodes.farms.startup_s.shape[1]
    for step in range(3 * count):
        fleet.step(np.arange(3), np.full(3, 2 if step % 2 else 0))
    assert fleet.episodes.farms.startup_s.shape[1] > count
    for row in range(3):
        assert_drawn(config, fleet, row, 5 + row)
