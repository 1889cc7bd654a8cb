"""The compiled farm beside the SimPy farm and a plain heap in Python: the same tasks, the same reactive decisions."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from autoscaling_env.backend import Backend
from autoscaling_env.config import Config, default_config
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import TaskBatch
from simulator import kernel, kernel_env
from simulator.backend import SimBackend
from simulator.compiled import CompiledBackend
from simulator.delays import pickup_delays, startup_delays
from simulator.fleet import Fleet
from tests.simulator.oracle import Oracle
from workloads import make_workload

STEPS, STEP_S = 30, 8.0
EPISODES = 64


def run() -> list[dict[str, Any]]:
    """Measure; CPU seconds of one core, medians."""
    config = default_config()
    workload = make_workload(config)
    batch = workload.draw(1)
    targets = reactive_targets(config, batch)
    simpy_ns = _ns_per_task(lambda: play(SimBackend(config.farm), batch, targets, config), batch, 5)
    heap_ns = _ns_per_task(lambda: play_oracle(config, batch, targets), batch, 9)
    deltas = np.diff(targets, prepend=config.farm.initial_workers)
    same, fleet = loaded_fleet(config, [batch] * EPISODES), loaded_fleet(config, [*map(workload.draw, range(EPISODES))])
    same_ns = _ns_per_task(lambda: play_kernel(same, deltas), batch, 25) / EPISODES
    kernel_ns = _ns_per_task(lambda: play_kernel(fleet, deltas), batch, 25) / EPISODES
    backend_ns = _ns_per_task(lambda: play(CompiledBackend(config.farm), batch, targets, config), batch, 25)
    rows = [
        _row("SimPy farm, per task", simpy_ns, "ns"),
        _row("plain heap in Python, per task", heap_ns, "ns", "SimPy farm", simpy_ns / heap_ns),
        _row("CompiledBackend with telemetry, per task", backend_ns, "ns", "SimPy farm", simpy_ns / backend_ns),
        _row("kernel, per task", kernel_ns, "ns", "SimPy farm", simpy_ns / kernel_ns),
        _row("kernel, per task", kernel_ns, "ns", "plain heap in Python", heap_ns / kernel_ns),
        _row("kernel, one episode's tasks again and again, per task", same_ns, "ns", "SimPy farm", simpy_ns / same_ns),
        _threads(config, batch),
    ]
    return rows + _by_tasks(config) + _by_workers(config)


def reactive_targets(config: Config, batch: TaskBatch) -> list[int]:
    """Return worker counts as a reactive rule would ask for them, 12-32, one for each step."""
    rate = np.histogram(batch.arrival_s, bins=STEPS, range=(0, STEPS * STEP_S))[0] / STEP_S
    wanted, targets = np.clip(np.round(rate * 1.9), 12, 32), [config.farm.initial_workers]
    for count in wanted:
        targets.append(int(targets[-1] + np.sign(count - targets[-1])))
    return targets[1:]


def play(backend: Backend, batch: TaskBatch, targets: list[int], config: Config) -> None:
    """Play an episode through the Backend protocol."""
    backend.reset(batch, config.farm.initial_workers)
    for target in targets:
        backend.scale_to(target)
        backend.advance(STEP_S)


def play_oracle(config: Config, batch: TaskBatch, targets: list[int]) -> None:
    """Play an episode on the tests' plain heap."""
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


def loaded_fleet(config: Config, batches: Sequence[TaskBatch]) -> Fleet:
    """Return the episodes of these batches, in place."""
    fleet = Fleet(config, 1.5, len(batches))
    for row, batch in enumerate(batches):
        fleet.load(np.array([row]), batch)
    return fleet


def play_kernel(fleet: Fleet, deltas: np.ndarray) -> None:
    """Play every episode, one after the other, to the end."""
    rows = np.arange(len(fleet.episodes.facts))
    kernel.play(fleet.episodes.farms, rows, fleet.rules.collect_s, STEP_S, deltas, fleet.config.farm.initial_workers)


def _threads(config: Config, batch: TaskBatch) -> dict[str, Any]:
    """Two threads, each with half of the episodes, beside one with all of them: wall clock, best of many."""
    fleet = loaded_fleet(config, [batch] * 1024)
    rows = np.arange(1024)
    actions = np.ones(1024, dtype=np.int64)

    def step(some: np.ndarray) -> None:
        for _ in range(STEPS):
            kernel_env.step_all(fleet.episodes, fleet.rules, some, fleet.deltas[actions[some]])

    def seconds(pool: ThreadPoolExecutor, parts: list[np.ndarray]) -> float:
        fleet.begin(rows)
        start = time.perf_counter()
        list(pool.map(step, parts))
        return time.perf_counter() - start

    with ThreadPoolExecutor(2) as pool:
        one = min(seconds(pool, [rows]) for _ in range(7))
        two = min(seconds(pool, np.array_split(rows, 2)) for _ in range(7))
    return _row("episodes per second, two threads", 1024 / two, "1/s", "one thread", one / two)


def _by_tasks(config: Config) -> list[dict[str, Any]]:
    rows = []
    for size in (10**3, 10**4, 10**5, 10**6, 10**7):
        batch = _steady(size, per_s=8.0)
        nanoseconds = _whole(config, batch, 14)
        rows.append(_row(f"kernel, {size:.0e} tasks, 14 workers, per task", nanoseconds, "ns"))
    return rows


def _by_workers(config: Config) -> list[dict[str, Any]]:
    rows = []
    for workers in (1, 10, 100, 1000, 10_000):
        batch = _steady(200_000, per_s=0.6 * workers)
        nanoseconds = _whole(config, batch, workers)
        rows.append(_row(f"kernel, {workers} workers at 90 % load, per task", nanoseconds, "ns"))
    return rows


def _steady(size: int, per_s: float) -> TaskBatch:
    rng = np.random.default_rng(0)
    service_s = rng.standard_gamma(4, size) * 0.375
    return TaskBatch(np.sort(rng.random(size)) * (size / per_s), service_s, 2 * service_s, np.zeros(1), 1)


def _whole(config: Config, batch: TaskBatch, workers: int) -> float:
    crowd = with_overrides(config, {"farm.max_workers": 100_000, "farm.initial_workers": workers})
    fleet = loaded_fleet(crowd, [batch])
    fleet.rules = fleet.rules._replace(step_s=float(batch.arrival_s[-1]) + 100)

    def once() -> None:
        kernel.play(
            fleet.episodes.farms, np.zeros(1, np.int64), 0.0, fleet.rules.step_s, np.zeros(1, np.int64), workers
        )

    return _ns_per_task(once, batch, 3)


def _ns_per_task(work: Callable[[], None], batch: TaskBatch, repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times) / len(batch) * 1e9


def _row(name: str, value: float, unit: str, ratio_to: str | None = None, ratio: float | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "ratio_to": ratio_to, "ratio": ratio}


if __name__ == "__main__":
    for row in run():
        ratio = f"  {row['ratio']:.3g} x {row['ratio_to']}" if row["ratio"] else ""
        print(f"{row['name']:55} {row['value']:12.4g} {row['unit']}{ratio}")
