"""Random small episodes full of ties, and what a farm tells when it plays one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from autoscaling_env.backend import Backend, TaskLogging
from autoscaling_env.config.distributions import Constant, Distribution, Empirical, Exponential, Uniform
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.types import TaskBatch, TaskLog, Telemetry


@dataclass(frozen=True, slots=True)
class Episode:
    """A farm, its tasks, and the decisions: (worker count or None, seconds) per step."""

    farm: FarmConfig
    tasks: TaskBatch
    workers: int
    steps: tuple[tuple[tuple[int, ...], float], ...]


def random_episode(rng: np.random.Generator) -> Episode:
    """Draw an episode; half of them on a coarse grid of times, where nearly everything happens at once."""
    grid = rng.random() < 0.6
    step_s = float(rng.choice([0.25, 0.5, 1.0, 2.0]))
    size = int(rng.choice([0, 1, 2, 5, 20, 60, 200], p=[0.04, 0.06, 0.1, 0.2, 0.3, 0.2, 0.1]))
    most = int(rng.choice([1, 2, 4, 8, 90], p=[0.15, 0.2, 0.3, 0.3, 0.05]))
    arrival_s = np.sort(_times(rng, size, 0.25 * rng.integers(1, 60), grid=grid))
    service_s = _times(rng, size, float(rng.choice([0.0, 0.5, 1.0, 3.0, 8.0])), grid=grid)
    segments = np.concatenate(([0.0], np.sort(_times(rng, int(rng.integers(0, 3)), 10.0, grid=grid))))
    tasks = TaskBatch(arrival_s, service_s, 0.5 + 2 * service_s, segments, int(rng.integers(2**53)))
    farm = FarmConfig(
        min_workers=0,
        max_workers=most,
        initial_workers=0,
        pickup=_delay(rng, grid=grid),
        collect_s=float(rng.choice([0.0, 0.0, 0.25, 0.1])),
        startup=_delay(rng, grid=grid),
        service_overhead=_delay(rng, grid=grid) if rng.random() < 0.2 else Constant(value_s=0.0),
    )
    steps = tuple(_step(rng, most, step_s) for _ in range(int(rng.integers(1, 30))))
    return Episode(farm, tasks, int(rng.integers(0, most + 1)), steps)


def _times(rng: np.random.Generator, size: int, high: float, *, grid: bool) -> np.ndarray:
    times = rng.random(size) * high
    return np.round(times * 4) / 4 if grid else times


def _delay(rng: np.random.Generator, *, grid: bool) -> Distribution:
    kind = rng.integers(4)
    if kind == 0:
        return Constant(value_s=0.0)
    if grid:
        return Empirical(values_s=(0.0, 0.25, 0.25, 0.5, 2.0)) if kind > 1 else Constant(value_s=0.25)
    return Uniform(low_s=0.0, high_s=float(rng.choice([0.1, 1.0]))) if kind > 1 else Exponential(mean_s=1.5)


def _step(rng: np.random.Generator, most: int, step_s: float) -> tuple[tuple[int, ...], float]:
    asked = tuple(int(n) for n in rng.integers(0, most + 1, size=int(rng.choice([0, 1, 1, 1, 2]))))
    return asked, step_s if rng.random() < 0.8 else float(rng.random() + 1e-3)


def play(backend: Backend, episode: Episode) -> list[Telemetry]:
    """Return the telemetry of every step, the first from ``reset``."""
    seen = [backend.reset(episode.tasks, episode.workers)]
    for asked, seconds in episode.steps:
        for workers in asked:
            backend.scale_to(workers)
        seen.append(backend.advance(seconds))
    return seen


def bits(value: Telemetry | TaskLog) -> dict[str, Any]:
    """Return the fields with arrays as bytes, so that equal means equal to the bit."""
    named = {field.name: getattr(value, field.name) for field in fields(value)}
    return {k: (v.dtype.str, v.tobytes()) if isinstance(v, np.ndarray) else (type(v), v) for k, v in named.items()}


def assert_same(backend: Backend, other: Backend, episode: Episode) -> None:
    """Play on both farms; every number must be the same."""
    for step, (one, two) in enumerate(zip(play(backend, episode), play(other, episode), strict=True)):
        assert bits(one) == bits(two), f"step {step}:\n{one}\n{two}"
    assert isinstance(backend, TaskLogging)
    assert isinstance(other, TaskLogging)
    assert bits(backend.task_log()) == bits(other.task_log())
