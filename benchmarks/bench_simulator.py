"""Environment steps per second, drawing of workloads included; and other simulators on the same kind of farm."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import ciw
import gymnasium
import numpy as np

from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.types import TaskBatch
from benchmarks.bench_kernel import _whole
from simulator.fleet import Fleet
from simulator.streams import Streams
from simulator.vector_env import AutoscalingVectorEnv
from workloads import make_workload

PEER_TASKS, PEER_WORKERS, PEER_RATE = 20_000, 12, 6.0


def run() -> list[dict[str, Any]]:
    """Measure; CPU seconds, best of several."""
    simpy = single_env("simpy", 10)
    compiled = single_env("compiled", 60)
    rows = [
        _row("environment steps, SimPy", simpy, "1/s"),
        _row("environment steps, CompiledBackend", compiled, "1/s", "SimPy", compiled / simpy),
    ]
    for count in (1, 4, 16, 64, 256, 1024, 4096):
        steps = vector_env(count, time.process_time)
        rows.append(_row(f"environment steps, vector of {count}", steps, "1/s", "SimPy", steps / simpy))
    for count in (1024, 4096):
        one, two = (vector_env(count, time.perf_counter, threads) for threads in (1, 2))
        name = f"environment steps, vector of {count}, two threads (wall)"
        rows.append(_row(name, two, "1/s", "one thread", two / one))
    return rows + workload_share() + peers()


def single_env(backend: str, episodes: int) -> float:
    """Return steps per second of one environment."""
    env = OpenFaaSAutoscalingEnv(backend=backend)
    env.reset(seed=0)
    return _best(lambda: sum(_episode(env) for _ in range(episodes)))


def vector_env(count: int, clock: Callable[[], float], threads: int = 1) -> float:
    """Return steps per second of ``count`` environments that react to their observations, all episodes included."""
    envs: gymnasium.vector.VectorEnv[Any, Any, Any] = AutoscalingVectorEnv(
        count, autoreset_mode="SameStep", threads=threads
    )
    observation, _ = envs.reset(seed=0)
    for _ in range(30):  # afterwards episodes end at different times
        observation, *_ = envs.step(reactive(observation))

    def episode() -> int:
        nonlocal observation
        for _ in range(30):
            observation, *_ = envs.step(reactive(observation))
        return 30 * count

    rate = _best(lambda: sum(episode() for _ in range(max(1, 512 // count))), clock)
    envs.close()
    return rate


def reactive(observation: np.ndarray) -> np.ndarray:
    """Return the actions of a rule that sizes the farm for the arrivals and the backlog it sees."""
    service_s = np.maximum(observation[:, 5], 0.1)
    missing = (observation[:, 7] + observation[:, 1] / 8) * service_s - observation[:, 4]
    return np.where(missing > 0.5, 2, np.where(missing < -0.5, 0, 1))


def workload_share() -> list[dict[str, Any]]:
    """Microseconds to draw an episode's tasks: part of every step above."""
    workload, seeds = make_workload(default_config()), iter(range(10**9))
    drawn = _best(lambda: len([workload.draw(next(seeds)) for _ in range(500)]))
    fleet, many, streams = Fleet(default_config(), 1.5, 256), np.arange(256), Streams()

    def together() -> int:
        fleet.draw(workload, many, many + next(seeds) * 256, streams)
        return 256

    placed = _best(together)
    return [
        _row("drawing an episode of 1140 tasks", 1e6 / drawn, "us"),
        _row("drawing one of 256 together, with its delays, into place", 1e6 / placed, "us", "alone", placed / drawn),
    ]


def peers() -> list[dict[str, Any]]:
    """Tasks per second of other simulators on a constant farm at 75 % load (exponential times)."""
    batch = _exponential(PEER_TASKS)
    ours = 1e9 / _whole(default_config(), batch, PEER_WORKERS)
    rows = [_row(f"kernel, constant farm of {PEER_WORKERS}", ours, "tasks/s")]
    theirs = _ciw()
    rows.append(_row("Ciw, the same", theirs, "tasks/s", "the kernel is faster by", ours / theirs))
    if importlib.util.find_spec("simfaas"):
        rows.append(
            _row("SimFaaS, the same", theirs := _simfaas(), "tasks/s", "the kernel is faster by", ours / theirs)
        )
    return rows


def _ciw() -> float:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(PEER_RATE)],
        service_distributions=[ciw.dists.Exponential(1 / 1.5)],
        number_of_servers=[PEER_WORKERS],
    )

    def once() -> int:
        ciw.seed(0)
        ciw.Simulation(network).simulate_until_max_customers(PEER_TASKS, method="Finish")
        return PEER_TASKS

    return _best(once)


def _simfaas() -> float:
    from simfaas.ServerlessSimulator import ServerlessSimulator
    from simfaas.SimProcess import ExpSimProcess

    def once() -> int:
        simulator = ServerlessSimulator(
            arrival_process=ExpSimProcess(rate=PEER_RATE),
            warm_service_process=ExpSimProcess(rate=1 / 1.5),
            cold_service_process=ExpSimProcess(rate=1 / 1.5),
            expiration_threshold=600,
            max_time=PEER_TASKS / PEER_RATE,
        )
        simulator.generate_trace(debug_print=False, progress=False)
        return PEER_TASKS

    return _best(once)


def _exponential(size: int) -> TaskBatch:
    rng = np.random.default_rng(0)
    arrival_s, service_s = np.cumsum(rng.exponential(1 / PEER_RATE, size)), rng.exponential(1.5, size)
    return TaskBatch(arrival_s, service_s, 2 * service_s + 1e-9, np.zeros(1), 1)


def _episode(env: OpenFaaSAutoscalingEnv) -> int:
    observation, _ = env.reset()
    steps, over = 0, False
    while not over:
        observation, _, terminated, truncated, _ = env.step(reactive(observation[None])[0])
        steps, over = steps + 1, terminated or truncated
    return steps


def _best(work: Callable[[], int], clock: Callable[[], float] = time.process_time) -> float:
    """Return things done per second: the best of five, after one to warm up."""
    work()
    rates = []
    for _ in range(5):
        start = clock()
        done = work()
        rates.append(done / (clock() - start))
    return max(rates)


def _row(name: str, value: float, unit: str, ratio_to: str | None = None, ratio: float | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "ratio_to": ratio_to, "ratio": ratio}


if __name__ == "__main__":
    for row in run():
        ratio = f"  {row['ratio']:.3g} x {row['ratio_to']}" if row["ratio"] else ""
        print(f"{row['name']:60} {row['value']:12.4g} {row['unit']}{ratio}")
