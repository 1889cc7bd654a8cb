"""A device's farm is the compiled farm to the bit: every count after every step, and what became of every task.

``AUTOSCALE_CUDA_EPISODES=100000 pytest tests/simulator/cuda/test_farm.py`` plays that many random episodes, by the
device's code compiled for this machine's processor: the simulator of a GPU is for few.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from simulator.cuda import replaying
from simulator.cuda.replaying import Script
from simulator.cuda.targets import target
from simulator.delays import overheads, pickup_delays, startup_delays
from tests.simulator.episodes import Episode, random_episode
from tests.simulator.test_equality import episodes

EPISODES = int(os.environ.get("AUTOSCALE_CUDA_EPISODES", "60"))
BLOCK = 1000
DEVICE = "cuda" if EPISODES < BLOCK else "host"


def script_of(episode: Episode) -> Script:
    tasks, farm = episode.tasks, episode.farm
    work_s, pickup_s = tasks.service_s + overheads(farm, tasks), pickup_delays(farm, tasks)
    script = Script(tasks.arrival_s, work_s, pickup_s, np.zeros(0), episode.workers, episode.steps, farm.collect_s)
    return replace(script, startup_s=startup_delays(farm, tasks.seed, script.starts)[: script.starts])


def assert_same(scripts: list[Script]) -> None:
    expected, found = replaying.on_compiled(scripts), replaying.on_device(scripts, target(DEVICE))
    for name in expected._fields:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


@pytest.mark.parametrize("first", range(0, EPISODES, BLOCK))
def test_random_episodes(first: int) -> None:
    count = min(BLOCK, EPISODES - first)
    assert_same([script_of(random_episode(np.random.default_rng(10_000 + first + seed))) for seed in range(count)])


@settings(max_examples=40)
@given(episodes())
def test_any_episode(episode: Episode) -> None:
    assert_same([script_of(episode)])


def test_float32_strays_by_rounding_only() -> None:
    scripts = [script_of(random_episode(np.random.default_rng(seed))) for seed in range(12)]
    exact, found = (replaying.on_device(scripts, target(DEVICE), real=real) for real in (np.float64, np.float32))
    assert found.collected_s.dtype == np.float32
    both = np.isfinite(exact.started_s) & np.isfinite(found.started_s)
    # Where two things happen at once in one and not in the other, what follows differs; nearly nowhere here.
    assert np.mean(np.abs(exact.started_s - found.started_s)[both] < 1e-3) > 0.95
