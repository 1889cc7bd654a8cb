"""The compiled farm is the SimPy farm to the bit: telemetry, and what became of every task.

``AUTOSCALE_EQUALITY_EPISODES=10000 pytest tests/simulator/test_equality.py`` plays that many random episodes.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.types import TaskBatch
from simulator.compiled.backend import CompiledBackend
from simulator.reference.backend import SimBackend
from tests.simulator.episodes import Episode, assert_same, random_episode

EPISODES = int(os.environ.get("AUTOSCALE_EQUALITY_EPISODES", "300"))
BLOCK = 100


def both(episode: Episode) -> None:
    assert_same(SimBackend(episode.farm), CompiledBackend(episode.farm), episode)


@pytest.mark.parametrize("block", range(-(-EPISODES // BLOCK)))
def test_random_episodes(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        both(random_episode(np.random.default_rng(seed)))


quarters = st.integers(0, 24).map(lambda n: n / 4)
seconds = st.one_of(quarters, st.floats(0, 6))
delays = st.one_of(st.just(0.0), st.just(0.25), st.floats(0, 3))


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    size = draw(st.integers(0, 12))
    times = st.lists(seconds, min_size=size, max_size=size)
    arrival_s = np.sort(np.array(draw(times), dtype=np.float64))
    service_s = np.array(draw(times), dtype=np.float64)
    farm = FarmConfig(
        min_workers=0,
        max_workers=6,
        initial_workers=0,
        pickup=Constant(value_s=draw(delays)),
        collect_s=draw(delays),
        startup=Constant(value_s=draw(delays)),
    )
    asked = st.lists(st.integers(0, 6), max_size=2).map(tuple)
    length = st.one_of(st.sampled_from([0.25, 0.5, 1.0]), st.floats(1e-3, 3))
    steps = tuple(draw(st.lists(st.tuples(asked, length), min_size=1, max_size=15)))
    tasks = TaskBatch(arrival_s, service_s, np.full(size, 1.0), np.zeros(1), draw(st.integers(0, 2**53)))
    return Episode(farm, tasks, draw(st.integers(0, 6)), steps)


@settings(max_examples=150, deadline=None)
@given(episodes())
def test_any_episode(episode: Episode) -> None:
    both(episode)


def test_many_workers_at_once() -> None:
    """More instants than the agenda keeps sorted: the heap takes part, with ties and leaving workers."""
    rng = np.random.default_rng(5)
    arrival_s = np.sort(np.round(rng.random(6000) * 40, 1))
    tasks = TaskBatch(arrival_s, np.round(rng.random(6000) * 4, 1), np.full(6000, 3.0), np.zeros(1), 9)
    farm = FarmConfig(
        min_workers=0,
        max_workers=500,
        initial_workers=0,
        pickup=Constant(value_s=0.7),
        collect_s=0.001,
        startup=Constant(value_s=1.5),
    )
    counts = (400, 250, 380, 90, 500, 0, 300, 310, 20, 350)
    both(Episode(farm, tasks, 300, tuple(((count,), 5.0) for count in counts)))
