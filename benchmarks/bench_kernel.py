"""The compiled farm beside the SimPy farm and a plain heap in Python: the same tasks, the same reactive decisions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from autoscaling_env.backend import Backend
from autoscaling_env.config import Config, default_config
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import TaskBatch
from benchmarks.timing import Work, fastest, in_turns, row, show
from simulator.compiled import kernel, playing
from simulator.compiled.backend import CompiledBackend
from simulator.compiled.episodes import EpisodeBatch
from simulator.delays import pickup_delays, startup_delays
from simulator.reference.backend import SimBackend
from tests.simulator.reference.oracle import Oracle
from workloads import make_workload

STEPS, STEP_S = 30, 8.0
EPISODES = 64


def run() -> list[dict[str, Any]]:
    """Measure; CPU seconds of one core, the best of many turns side by side."""
    config = default_config()
    return [*engines(config), threads(config), *_by_tasks(config), *_by_workers(config)]


def engines(config: Config) -> list[dict[str, Any]]:
    """Every engine on the same tasks and decisions; the kernel on many episodes one after the other."""
    workload = make_workload(config)
    batch = workload.draw(1)
    targets = reactive_targets(config, batch)
    deltas = np.diff(targets, prepend=config.farm.initial_workers)
    same, episodes = (
        loaded(config, [batch] * EPISODES),
        loaded(config, [*map(workload.draw, range(EPISODES))]),
    )
    works: dict[str, Work] = {
        "SimPy": lambda: play(SimBackend(config.farm), batch, targets, config),
        "heap": lambda: play_oracle(config, batch, targets),
        "backend": lambda: play(CompiledBackend(config.farm), batch, targets, config),
        "kernel": lambda: play_kernel(episodes, deltas),
        "again": lambda: play_kernel(same, deltas),
    }
    ns = {name: 1e9 / rate for name, rate in fastest(works, 25).items()}
    simpy = ns["SimPy"]
    again = "kernel, one episode's tasks again and again, per task"
    return [
        row("SimPy farm, per task", simpy, "ns"),
        row("plain heap in Python, per task", ns["heap"], "ns", "SimPy farm", simpy / ns["heap"]),
        row("CompiledBackend with telemetry, per task", ns["backend"], "ns", "SimPy farm", simpy / ns["backend"]),
        row("kernel, per task", ns["kernel"], "ns", "SimPy farm", simpy / ns["kernel"]),
        row("kernel, per task", ns["kernel"], "ns", "plain heap in Python", ns["heap"] / ns["kernel"]),
        row(again, ns["again"], "ns", "SimPy farm", simpy / ns["again"]),
    ]


def reactive_targets(config: Config, batch: TaskBatch) -> list[int]:
    """Return worker counts as a reactive rule would ask for them, 12-32, one for each step."""
    rate = np.histogram(batch.arrival_s, bins=STEPS, range=(0, STEPS * STEP_S))[0] / STEP_S
    wanted, targets = np.clip(np.round(rate * 1.9), 12, 32), [config.farm.initial_workers]
    for count in wanted:
        targets.append(int(targets[-1] + np.sign(count - targets[-1])))
    return targets[1:]


def play(backend: Backend, batch: TaskBatch, targets: list[int], config: Config) -> int:
    """Play an episode through the Backend protocol; return its tasks."""
    backend.reset(batch, config.farm.initial_workers)
    for target in targets:
        backend.scale_to(target)
        backend.advance(STEP_S)
    return len(batch)


def play_oracle(config: Config, batch: TaskBatch, targets: list[int]) -> int:
    """Play an episode on the tests' plain heap; return its tasks."""
    farm = Oracle(
        batch.arrival_s.tolist(),
        batch.service_s.tolist(),
        pickup_delays(config.farm, batch).tolist(),
        startup_delays(config.farm, batch.seed, 64).tolist(),
        config.farm.collect_s,
        config.farm.initial_workers,
    )
    for step, target in enumerate(targets):
        farm.scale_to(target)
        farm.advance((step + 1) * STEP_S)
    return len(batch)


def loaded(config: Config, batches: Sequence[TaskBatch]) -> EpisodeBatch:
    """Return the episodes of these batches, in place."""
    episodes = EpisodeBatch(config, 1.5, len(batches))
    for place, batch in enumerate(batches):
        episodes.load(np.array([place]), batch)
    return episodes


def play_kernel(episodes: EpisodeBatch, deltas: np.ndarray) -> int:
    """Play every episode, one after the other, to the end; return their tasks."""
    rows = np.arange(len(episodes.episodes.facts))
    kernel.play(
        episodes.episodes.farms, rows, episodes.rules.collect_s, STEP_S, deltas, episodes.config.farm.initial_workers
    )
    return int(episodes.episodes.farms.state["tasks"].sum())


def threads(config: Config) -> dict[str, Any]:
    """Two threads, each with half of the episodes, beside one with all of them: wall clock, best of many turns."""
    episodes = loaded(config, [make_workload(config).draw(1)] * 1024)
    rows = np.arange(1024)
    actions = np.ones(1024, dtype=np.int64)

    def step(some: np.ndarray) -> None:
        for _ in range(STEPS):
            playing.step_all(episodes.memory, some, actions, episodes.results)

    def by(parts: list[np.ndarray]) -> int:
        episodes.begin(rows)
        list(pool.map(step, parts))
        return len(rows)

    with ThreadPoolExecutor(2) as pool:
        rates = fastest({"1": lambda: by([rows]), "2": lambda: by(np.array_split(rows, 2))}, 9, time.perf_counter)
    return row("episodes per second, two threads", rates["2"], "1/s", "one thread", rates["2"] / rates["1"])


def _by_tasks(config: Config) -> list[dict[str, Any]]:
    rows = []
    for size in (10**3, 10**4, 10**5, 10**6, 10**7):
        batch = _steady(size, per_s=8.0)
        nanoseconds = whole(config, batch, 14)
        rows.append(row(f"kernel, {size:.0e} tasks, 14 workers, per task", nanoseconds, "ns"))
    return rows


def _by_workers(config: Config) -> list[dict[str, Any]]:
    rows = []
    for workers in (1, 10, 100, 1000, 10_000):
        batch = _steady(200_000, per_s=0.6 * workers)
        nanoseconds = whole(config, batch, workers)
        rows.append(row(f"kernel, {workers} workers at 90 % load, per task", nanoseconds, "ns"))
    return rows


def _steady(size: int, per_s: float) -> TaskBatch:
    rng = np.random.default_rng(0)
    service_s = rng.standard_gamma(4, size) * 0.375
    return TaskBatch(np.sort(rng.random(size)) * (size / per_s), service_s, 2 * service_s, np.zeros(1), 1)


def whole(config: Config, batch: TaskBatch, workers: int) -> float:
    """Return nanoseconds a task of one long episode with a constant number of workers: median of three."""
    crowd = with_overrides(config, {"farm.max_workers": 100_000, "farm.initial_workers": workers})
    episodes = loaded(crowd, [batch])
    episodes.rules = episodes.rules._replace(step_s=float(batch.arrival_s[-1]) + 100)

    def once() -> int:
        kernel.play(
            episodes.episodes.farms, np.zeros(1, np.int64), 0.0, episodes.rules.step_s, np.zeros(1, np.int64), workers
        )
        return len(batch)

    return statistics.median(in_turns({"it": once}, 3)["it"]) * 1e9


if __name__ == "__main__":
    show(run())
