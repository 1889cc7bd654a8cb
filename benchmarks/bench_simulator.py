"""Environment steps per second, drawing of workloads included; and other simulators on the same kind of farm."""

from __future__ import annotations

import importlib.util
import time
from typing import Any

import ciw
import gymnasium
import numpy as np

from autoscaling_env.config import default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.types import TaskBatch
from benchmarks.bench_kernel import whole
from benchmarks.timing import Work, fastest, row, show
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.streams import Streams
from simulator.vector_env import AutoscalingVectorEnv
from workloads import make_workload
from workloads.scenarios import load_scenario

SIZES, THREADED_SIZES = (1, 4, 16, 64, 256, 512, 1024, 4096), (1024, 4096)
#: Its episodes all end at the same step, and so are drawn together.
SMOOTH, SMOOTH_SIZES = "reference_smooth", (512, 1024, 4096)
TURNS = 9
PEER_TASKS, PEER_WORKERS, PEER_RATE = 20_000, 12, 6.0


def run() -> list[dict[str, Any]]:
    """Measure; CPU seconds, the best of several turns side by side."""
    return environments() + threads() + workload_share() + other_environments() + peers()


def environments() -> list[dict[str, Any]]:
    """One environment on each engine, and growing numbers of them at once."""
    works = {"SimPy": single_env("simpy", 10), "CompiledBackend": single_env("compiled", 60)}
    works |= {f"vector of {count}": vector_env(count) for count in SIZES}
    works |= {f"vector of {count}, {SMOOTH}": vector_env(count, scenario=SMOOTH) for count in SMOOTH_SIZES}
    rates = fastest(works, TURNS)
    simpy = rates.pop("SimPy")
    rows = [row("environment steps, SimPy", simpy, "1/s")]
    rows += [row(f"environment steps, {name}", rate, "1/s", "SimPy", rate / simpy) for name, rate in rates.items()]
    for count in SMOOTH_SIZES:
        ratio = rates[f"vector of {count}"] / rates[f"vector of {count}, {SMOOTH}"]
        rows.append(row(f"vector of {count} on reference beside {SMOOTH}", ratio, "ratio"))
    return rows


def other_environments() -> list[dict[str, Any]]:
    """One environment beside adobe's gym-scaling, if that is there: no index has it, and its setup.py installs nothing.

    Clone it, put the clone on PYTHONPATH, and install gym and overrides. Its farm is a fluid, so many items a step and
    instance, without a task, a start-up of its own or a deadline: what it says is less, whatever it costs.
    """
    if importlib.util.find_spec("gym_scaling") is None:
        return []
    name, rates = "gym-scaling", fastest({"ours": single_env("compiled", 60), "gym-scaling": _gym_scaling()}, TURNS)
    ours, theirs = (f"environment steps, {which}" for which in ("CompiledBackend beside gym-scaling", name))
    return [row(ours, rates["ours"], "1/s", name, rates["ours"] / rates[name]), row(theirs, rates[name], "1/s")]


def _gym_scaling() -> Work:
    from gym_scaling.envs import ScalingEnv

    env = ScalingEnv()
    actions = np.random.default_rng(0).integers(0, env.action_space.n, (60, 30)).tolist()

    def play() -> int:
        for episode in actions:
            env.reset()
            for action in episode:
                env.step(action)
        return sum(map(len, actions))

    return play


def threads() -> list[dict[str, Any]]:
    """Two threads beside one: wall clock."""
    rows = []
    for count in THREADED_SIZES:
        works = {str(number): vector_env(count, number) for number in (1, 2)}
        rates = fastest(works, TURNS, time.perf_counter)
        name = f"environment steps, vector of {count}, two threads (wall)"
        rows.append(row(name, rates["2"], "1/s", "one thread", rates["2"] / rates["1"]))
    return rows


def single_env(backend: str, episodes: int) -> Work:
    """Return what plays so many episodes of one environment, and counts its steps."""
    env = OpenFaaSAutoscalingEnv(backend=backend)
    env.reset(seed=0)
    return lambda: sum(_episode(env) for _ in range(episodes))


def vector_env(count: int, threads: int = 1, scenario: str = "reference") -> Work:
    """Return what steps ``count`` environments that react to their observations, all episodes included."""
    envs: gymnasium.vector.VectorEnv[Any, Any, Any] = AutoscalingVectorEnv(
        count, config=load_scenario(scenario), autoreset_mode="SameStep", threads=threads
    )
    observation, _ = envs.reset(seed=0)

    def play(steps: int = 30 * min(max(2, 512 // count), 64)) -> int:
        nonlocal observation
        for _ in range(steps):
            observation, *_ = envs.step(reactive(observation))
        return steps * count

    play(300)  # ten episodes: from then on they end at different times, and what is measured has its share of drawing
    return play


def reactive(observation: np.ndarray) -> np.ndarray:
    """Return the actions of a rule that sizes the farm for the arrivals and the backlog it sees."""
    service_s = np.maximum(observation[:, 5], 0.1)
    missing = (observation[:, 7] + observation[:, 1] / 8) * service_s - observation[:, 4]
    return 1 + (missing > 0.5) - (missing < -0.5).astype(np.int64)


def reactive_alone(observation: np.ndarray) -> int:
    """Return what ``reactive`` does, for one environment: NumPy would take as long for it as the step takes."""
    _, waiting, _, _, workers, service_s, _, rate, _ = observation.tolist()
    missing = (rate + waiting / 8) * max(service_s, 0.1) - workers
    return 2 if missing > 0.5 else 0 if missing < -0.5 else 1


def workload_share() -> list[dict[str, Any]]:
    """Microseconds to draw an episode's tasks: part of every step above."""
    workload, seeds = make_workload(default_config()), iter(range(10**9))
    fleet, many, streams = EpisodeBatch(default_config(), 1.5, 256), np.arange(256), Streams()

    def together() -> int:
        fleet.draw(workload, many, many + next(seeds) * 256, streams)
        return 256

    rates = fastest({"alone": lambda: len([workload.draw(next(seeds)) for _ in range(500)]), "together": together}, 5)
    us = {name: 1e6 / rate for name, rate in rates.items()}
    name = "drawing one of 256 together, with its delays, into place"
    return [
        row("drawing an episode of 1140 tasks", us["alone"], "us"),
        row(name, us["together"], "us", "alone", us["alone"] / us["together"]),
    ]


def peers() -> list[dict[str, Any]]:
    """Tasks per second of other simulators on a constant farm at 75 % load (exponential times)."""
    ours = 1e9 / whole(default_config(), _exponential(PEER_TASKS), PEER_WORKERS)
    works = {"Ciw": _ciw()} | ({"SimFaaS": _simfaas()} if importlib.util.find_spec("simfaas") else {})
    return [row(f"kernel, constant farm of {PEER_WORKERS}", ours, "tasks/s")] + [
        row(f"{name}, the same", theirs, "tasks/s", "the kernel is faster by", ours / theirs)
        for name, theirs in fastest(works, 5).items()
    ]


def _ciw() -> Work:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(PEER_RATE)],
        service_distributions=[ciw.dists.Exponential(1 / 1.5)],
        number_of_servers=[PEER_WORKERS],
    )

    def once() -> int:
        ciw.seed(0)
        ciw.Simulation(network).simulate_until_max_customers(PEER_TASKS, method="Finish")
        return PEER_TASKS

    return once


def _simfaas() -> Work:
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

    return once


def _exponential(size: int) -> TaskBatch:
    rng = np.random.default_rng(0)
    arrival_s, service_s = np.cumsum(rng.exponential(1 / PEER_RATE, size)), rng.exponential(1.5, size)
    return TaskBatch(arrival_s, service_s, 2 * service_s + 1e-9, np.zeros(1), 1)


def _episode(env: OpenFaaSAutoscalingEnv) -> int:
    observation, _ = env.reset()
    steps, over = 0, False
    while not over:
        observation, _, terminated, truncated, _ = env.step(reactive_alone(observation))
        steps, over = steps + 1, terminated or truncated
    return steps


if __name__ == "__main__":
    show(run())
