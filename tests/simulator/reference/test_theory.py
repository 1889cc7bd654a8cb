"""Both farms against queueing theory, with confidence bounds, and laws that hold for every sequence of decisions."""

from __future__ import annotations

from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulator.compiled.backend import CompiledBackend
from simulator.reference.backend import SimBackend
from tests.simulator.episodes import random_episode
from tests.simulator.reference.test_oracle import mean_wait_s

#: SimPy plays fewer tasks: it is slower, and its bound is wider by itself.
ENGINES = [pytest.param(SimBackend, 3_000, id="simpy"), pytest.param(CompiledBackend, 60_000, id="compiled")]
RUNS = 16


def erlang_c_wait_s(arrivals_per_s: float, service_s: float, workers: int) -> float:
    """Mean wait of M/M/c (Erlang C; Gross et al., Fundamentals of Queueing Theory, 2.4)."""
    load = arrivals_per_s * service_s
    all_busy = load**workers / factorial(workers) / (1 - load / workers)
    waits = all_busy / (sum(load**n / factorial(n) for n in range(workers)) + all_busy)
    return waits * service_s / (workers - load)


def agrees(sample: list[float], expected: float) -> None:
    """The expected mean lies in the sample's 99.99 % confidence interval, which is not wide."""
    half = stats.t.ppf(0.99995, len(sample) - 1) * stats.sem(sample)
    assert half < 0.6 * expected
    assert abs(np.mean(sample) - expected) < half


def waits(engine, size: int, workers: int, per_s: float, draw) -> list[float]:
    """Mean waits of independent runs, each in the middle of a long one: the first fifth warms up."""
    found = []
    for run in range(RUNS):
        rng = np.random.default_rng([run, workers])
        arrival_s = np.cumsum(rng.exponential(1 / per_s, size))
        found.append(mean_wait_s(engine, arrival_s, draw(rng, size), workers))
    return found


@pytest.mark.parametrize(("engine", "size"), ENGINES)
@pytest.mark.parametrize(("workers", "per_s"), [(1, 0.6), (3, 2.1), (8, 6.4)])
def test_mean_wait_of_m_m_c_is_erlang_s(engine, size: int, workers: int, per_s: float) -> None:
    found = waits(engine, size, workers, per_s, lambda rng, n: rng.exponential(1.0, n))
    agrees(found, erlang_c_wait_s(per_s, 1.0, workers))


@pytest.mark.parametrize(("engine", "size"), ENGINES)
@pytest.mark.parametrize("shape", [0.5, 4.0, np.inf])
def test_mean_wait_of_m_g_1_is_pollaczek_and_khinchine_s(engine, size: int, shape: float) -> None:
    """W = rate E[S^2] / (2 (1 - load)); the gamma distribution of mean 1 has E[S^2] = 1 + 1 / shape."""
    rate = 0.6

    def draw(rng, n):
        return np.ones(n) if np.isinf(shape) else rng.gamma(shape, 1 / shape, n)

    agrees(waits(engine, size, 1, rate, draw), rate * (1 + 1 / shape) / (2 * (1 - rate)))


@pytest.mark.parametrize("engine", [SimBackend, CompiledBackend])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_laws(engine, seed: int) -> None:
    """Conservation, first in first out, Little's law, and nothing is stranded, whatever was decided."""
    episode = random_episode(np.random.default_rng(seed))
    tasks, backend = episode.tasks, engine(episode.farm)
    backend.reset(tasks, episode.workers)
    for asked, seconds in episode.steps:
        for workers in asked:
            backend.scale_to(workers)
        told = backend.advance(seconds)
        hands = told.workers_busy + told.workers_draining
        assert told.enqueued_total == told.worker_queue + hands + told.result_queue + told.output_queue
        assert told.workers_requested == told.workers_ready + told.workers_starting
    backend.scale_to(1)  # one worker left is enough for everything still waiting
    end_s = float(tasks.service_s.sum() + (tasks.arrival_s.max(initial=0)) + 1e4)
    last = backend.advance(end_s)
    assert (last.worker_queue, last.result_queue, last.output_queue) == (0, 0, len(tasks))
    log = backend.task_log()
    assert (np.diff(log.started_s) >= 0).all()
    assert (log.started_s >= tasks.arrival_s).all()
    assert (log.finished_s >= log.started_s + tasks.service_s).all()
    assert (log.collected_s >= log.finished_s).all()
    _littles_law(tasks.arrival_s, log.started_s)


def _littles_law(arrival_s: np.ndarray, started_s: np.ndarray) -> None:
    """The area under the number waiting is the sum of all waits."""
    times = np.concatenate((arrival_s, started_s))
    change = np.repeat([1, -1], len(arrival_s))
    order = np.lexsort((-change, times))
    area = np.sum(np.cumsum(change[order])[:-1] * np.diff(times[order]))
    assert area == pytest.approx(np.sum(started_s - arrival_s), abs=1e-6)
