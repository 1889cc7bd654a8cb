"""Journals as a controller would write them, of a queue in the simulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from autoscaling_env.actions import nearest_action
from autoscaling_env.config import Config, default_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.records import INFO_COLUMNS
from autoscaling_env.rng import stream
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import FloatArray, TaskBatch
from experiments.policies import Setting, make_policy
from operate.journal.writer import JournalWriter
from operate.record import Record

BEGIN = datetime(2026, 11, 29, 8, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class World:
    """A queue, its workers and what is promised; the truth that a controller cannot see.

    Attributes:
        rate: tasks a second at an instant.
        service_s: mean work of a task that comes at an instant.
        within_s: seconds promised.
        steps: ticks.
        told_s: what the source tells of the work of tasks at an instant; None: what was believed at first.
    """

    rate: Callable[[FloatArray], FloatArray] = lambda at_s: 3.0 + 2.0 * np.sin(at_s / 200)
    service_s: Callable[[FloatArray], FloatArray] = lambda at_s: np.full(len(at_s), 1.5)
    variation: float = 0.6
    within_s: float = 12.0
    steps: int = 720
    step_s: float = 8.0
    max_workers: int = 24
    startup_s: tuple[float, float] = (12.0, 20.0)
    settings: dict[str, Any] = field(default_factory=dict)
    told_s: Callable[[float], float] | None = None

    name = "world"
    notes = ()

    @property
    def duration_s(self) -> float:
        return self.steps * self.step_s

    @property
    def mean_service_s(self) -> float:
        return float(self.service_s(np.zeros(1))[0])

    @property
    def config(self) -> Config:
        low_s, high_s = self.startup_s
        values = {
            "farm.max_workers": self.max_workers,
            "farm.initial_workers": 6,
            "farm.startup": {"kind": "uniform", "low_s": low_s, "high_s": high_s},
            "workload.service": {"distribution": {"kind": "gamma", "shape": 1.0, "mean_s": self.mean_service_s}},
            "environment.step_duration_s": self.step_s,
            "environment.observation_window_s": 5 * self.step_s,
            "environment.max_steps": self.steps,
            "environment.action": "target",
            **self.settings,
        }
        return with_overrides(default_config(), values)

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Draw a Poisson process by thinning."""
        rng = stream(seed, "arrivals")
        grid = np.linspace(0, self.duration_s, 2000)
        highest = float(self.rate(grid).max())
        drawn = np.sort(rng.random(rng.poisson(highest * self.duration_s)) * self.duration_s)
        arrival_s = drawn[rng.random(len(drawn)) * highest < self.rate(drawn)]
        shape = self.variation**-2
        service_s = self.service_s(arrival_s) * stream(seed, "service").standard_gamma(shape, len(arrival_s)) / shape
        ends = np.array([0.0, self.duration_s])
        return TaskBatch(arrival_s, service_s, np.full(len(arrival_s), self.within_s), ends, seed)

    def start(self, policy: str, **told: Any) -> Record:
        """Return the record of the controller's start; ``told`` is what it was told beside."""
        info = {
            "objective": {"finish_within": self.within_s, "share": 0.95, "cost_per_worker_hour": 0.1},
            "bounds": {"min": 1, "max": self.max_workers},
            "tasks": {"service_time": self.mean_service_s, "variation": self.variation},
            "workers": {"startup_time": 16.0},
            "interval": self.step_s,
            "policy": policy,
        }
        return Record(kind="start", at=BEGIN.isoformat(), operator="one", tick=0, time_s=0.0, info=info | told)


def play_world(world: World, policy: str, folder: Path, *, seed: int = 1) -> list[Record]:
    """Play a policy in a world, and return what a controller would have recorded, its start first."""
    env = OpenFaaSAutoscalingEnv(config=world.config, workload=world)
    rule = make_policy(policy, Setting(world.config, world, seed, folder))
    rule.reset()
    observation, info = env.reset(options={"episode_seed": seed})
    records, last = [world.start(policy)], dict(info)
    for tick in range(world.steps):
        wanted = rule.decide(observation, info)
        seen = _seen(world, info, last)
        records.append(_record(tick, world, policy, info, seen, wanted, [float(each) for each in observation]))
        last = dict(info)
        observation, _, _, _, info = env.step(nearest_action(wanted, info))
    env.close()
    return records


def write_journal(records: Sequence[Record], folder: Path) -> Path:
    """Write records into the journal of a state folder."""
    with JournalWriter(folder / "journal", keep_s=1e9, file_bytes=200_000) as journal:
        for record in records:
            journal.append(record)
    return folder


def _seen(world: World, info: dict[str, Any], last: dict[str, Any]) -> dict[str, float | None]:
    """Return what a source tells."""
    told_s = world.mean_service_s if world.told_s is None else world.told_s(info["time_s"])
    return {
        "backlog": info["worker_queue"],
        "in_flight": info["busy_workers"] + info["workers_draining"],
        "arrived": info["enqueued_total"] - last["enqueued_total"],
        "completed": info["processed_tasks"] - last["processed_tasks"],
        "missed": info["qos_violations"] - last["qos_violations"],
        "service_s": told_s,
        "oldest_s": None,
    }


def _record(
    tick: int,
    world: World,
    policy: str,
    info: dict[str, Any],
    seen: dict[str, float | None],
    wanted: int,
    observation: list[float],
) -> Record:
    return Record(
        at=(BEGIN + timedelta(seconds=tick * world.step_s)).isoformat(),
        operator="one",
        tick=tick,
        time_s=tick * world.step_s,
        mode="act",
        acting=True,
        step_s=world.step_s,
        seen=seen,
        requested=info["requested_workers"],
        ready=info["workers_ready"],
        draining=info["workers_draining"],
        info={name: info[name] for name in INFO_COLUMNS},
        observation=tuple(observation),
        policy=policy,
        proposed=wanted,
        decided_by=policy,
        wanted=wanted,
        written=wanted,
        outcome="ok",
    )
