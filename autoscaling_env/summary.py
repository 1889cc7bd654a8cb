"""An episode in figures: each has one definition, here, whoever asks (docs/metrics.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.types import FloatArray, Info, Observation

QOS_RATE = FIELDS.index("qos_rate")


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """What an episode came to.

    Attributes:
        steps: decisions.
        total_reward: the episode return: all rewards, added from the first to the last.
        mean_reward: the same per step.
        final_qos_total: share of deadlines met by the tasks collected, 0-1; 1 if none was (the published definition).
        qos_of_all_tasks: the same, a task not collected by the end counting as missed.
        mean_qos: mean over the steps of the observation window's share of deadlines met, 0-1.
        mean_workers: requested workers, mean over the steps.
        max_workers: the most requested at the end of a step.
        scaling_actions: steps that asked for another count, whatever came of it (the published definition).
        noop_actions: the others.
        worker_seconds: requested workers x step length, added up: what is paid for.
        processed_tasks: tasks collected.
        unfinished_tasks: tasks not collected by the end, emitted or not.
        qos_violations: deadlines missed by the tasks collected.
    """

    steps: int
    total_reward: float
    mean_reward: float
    final_qos_total: float
    qos_of_all_tasks: float
    mean_qos: float
    mean_workers: float
    max_workers: int
    scaling_actions: int
    noop_actions: int
    worker_seconds: float
    processed_tasks: int
    unfinished_tasks: int
    qos_violations: int

    @classmethod
    def of_steps(
        cls,
        *,
        reward: ArrayLike,
        qos_rate: ArrayLike,
        requested_workers: ArrayLike,
        requested_delta: ArrayLike,
        time_s: ArrayLike,
        processed_tasks: int,
        unfinished_tasks: int,
        qos_violations: int,
    ) -> EpisodeSummary:
        """Return the summary of an episode from its steps, at least one.

        Args:
            reward: [n].
            qos_rate: [n], observed, 0-1.
            requested_workers: [n], at the end of each step.
            requested_delta: [n], change asked for.
            time_s: [n], end of each step, seconds since the start of the episode.
            processed_tasks: at the end of the last step.
            unfinished_tasks: likewise.
            qos_violations: likewise.
        """
        rewards, workers = np.asarray(reward, dtype=np.float64), np.asarray(requested_workers)
        steps, met = len(rewards), processed_tasks - qos_violations
        asked = int(np.count_nonzero(np.asarray(requested_delta)))
        lengths_s = np.diff(np.asarray(time_s, dtype=np.float64), prepend=0.0)
        total, tasks = _total(rewards), processed_tasks + unfinished_tasks
        return cls(
            steps=steps,
            total_reward=total,
            mean_reward=total / steps,
            final_qos_total=met / processed_tasks if processed_tasks else 1.0,
            qos_of_all_tasks=met / tasks if tasks else 1.0,
            mean_qos=_total(np.asarray(qos_rate, dtype=np.float64)) / steps,
            mean_workers=int(workers.sum()) / steps,
            max_workers=int(workers.max()),
            scaling_actions=asked,
            noop_actions=steps - asked,
            worker_seconds=_total(workers * lengths_s),
            processed_tasks=processed_tasks,
            unfinished_tasks=unfinished_tasks,
            qos_violations=qos_violations,
        )

    def figures(self) -> dict[str, Any]:
        """Return every figure by its name."""
        return asdict(self)


@dataclass(slots=True)
class SummaryLog:
    """Gathers what the summary needs while an episode is played."""

    rewards: list[float] = field(default_factory=list)
    _steps: list[Sequence[Any]] = field(default_factory=list)
    _info: Info = field(default_factory=dict)

    def add(self, observation: Observation, reward: float, info: Info) -> None:
        """Add what ``env.step`` returned."""
        self.rewards.append(reward)
        qos_rate = standard(observation, info)[QOS_RATE]
        self._steps.append((qos_rate, info["requested_workers"], info["requested_delta"], info["time_s"]))
        self._info = info

    def summary(self) -> EpisodeSummary:
        """Return the summary of the steps so far, at least one."""
        qos_rate, workers, delta, time_s = zip(*self._steps, strict=True)
        last = self._info
        return EpisodeSummary.of_steps(
            reward=self.rewards,
            qos_rate=qos_rate,
            requested_workers=workers,
            requested_delta=delta,
            time_s=time_s,
            processed_tasks=last["processed_tasks"],
            unfinished_tasks=last["unfinished_tasks"],
            qos_violations=last["qos_violations"],
        )


def _total(values: FloatArray) -> float:
    """Add from the first to the last: NumPy's ``sum`` adds in pairs, and so rounds differently by length."""
    return float(np.add.accumulate(values)[-1])
