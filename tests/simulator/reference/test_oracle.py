"""A third, independent farm agrees; so do the queueing theory's own programs on what they can say."""

from __future__ import annotations

import ciw
import numpy as np
import pytest

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.types import TaskBatch
from simulator.compiled.backend import CompiledBackend
from simulator.delays import overheads, pickup_delays, startup_delays
from tests.simulator.episodes import Episode, play, random_episode
from tests.simulator.reference.oracle import Oracle


def oracle_of(episode: Episode) -> Oracle:
    farm, tasks = episode.farm, episode.tasks
    return Oracle(
        tasks.arrival_s.tolist(),
        (tasks.service_s + overheads(farm, tasks)).tolist(),
        pickup_delays(farm, tasks).tolist(),
        startup_delays(farm, tasks.seed, 5000).tolist(),
        farm.collect_s,
        episode.workers,
    )


def test_the_oracle_collects_the_same_tasks_at_the_same_instants() -> None:
    for seed in range(100_000, 100_300):
        episode = random_episode(np.random.default_rng(seed))
        oracle, now = oracle_of(episode), 0.0
        seen = play(CompiledBackend(episode.farm), episode)
        told = 0
        for (asked, seconds), telemetry in zip(episode.steps, seen[1:], strict=True):
            for workers in asked:
                oracle.scale_to(workers)
            now += seconds
            oracle.advance(now)
            collected = [when for _, when in oracle.collected if when < now]
            assert collected[told:] == telemetry.collected_s.tolist(), seed
            told = len(collected)
            assert (oracle.requested, len(oracle.waiting)) == (telemetry.workers_requested, telemetry.worker_queue)
            assert len(oracle.woken) + oracle.idle + len(oracle.busy) == telemetry.workers_ready


@pytest.mark.slow
def test_ciw_waits_as_long_on_average() -> None:
    """M/M/4 at 85 % load: the mean waits of both agree within the noise of 12 runs each."""
    arrivals_per_s, service_s, workers, size = 3.4, 1.0, 4, 3000
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(arrivals_per_s)],
        service_distributions=[ciw.dists.Exponential(1 / service_s)],
        number_of_servers=[workers],
    )
    theirs, ours = [], []
    for run in range(12):
        ciw.seed(run)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(size, method="Finish")
        theirs.append(np.mean([record.waiting_time for record in simulation.get_all_records()]))
        rng = np.random.default_rng(run)
        arrival_s = np.cumsum(rng.exponential(1 / arrivals_per_s, size))
        ours.append(mean_wait_s(CompiledBackend, arrival_s, rng.exponential(service_s, size), workers))
    noise = np.sqrt(np.var(theirs, ddof=1) / 12 + np.var(ours, ddof=1) / 12)
    assert abs(np.mean(theirs) - np.mean(ours)) < 4 * noise


def mean_wait_s(engine, arrival_s: np.ndarray, service_s: np.ndarray, workers: int) -> float:
    farm = FarmConfig(
        min_workers=0,
        max_workers=workers,
        initial_workers=workers,
        pickup=Constant(value_s=0),
        collect_s=0.0,
        startup=Constant(value_s=0),
    )
    backend = engine(farm)
    backend.reset(TaskBatch(arrival_s, service_s, np.ones(len(arrival_s)), np.zeros(1), 0), workers)
    backend.advance(float(arrival_s[-1] + service_s.sum() + 1))
    return float(np.mean(backend.task_log().started_s - arrival_s))
