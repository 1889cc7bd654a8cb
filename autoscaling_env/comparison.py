"""Plays several policies on the identical episodes: what every comparison is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autoscaling_env.backend import TaskLogging
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.records import StepLog, task_frame
from autoscaling_env.rollout import EpisodeResult, play_episode
from autoscaling_env.types import Observation

if TYPE_CHECKING:
    import pandas as pd

#: Called with (agent, episode number, result) after every episode.
EpisodeListener = Callable[[str, int, EpisodeResult], None]
#: Called with (agent, episode number, observation, reward, info) after every step.
StepWatcher = Callable[[str, int, Observation, float, dict[str, Any]], None]


@dataclass(slots=True)
class Recording:
    """What was recorded: rows of ``steps.parquet`` and ``tasks.parquet``."""

    steps: StepLog
    tasks: list[pd.DataFrame] = field(default_factory=list)

    def task_rows(self) -> pd.DataFrame | None:
        """Return all task rows, or None where none were recorded."""
        import pandas as pd

        return pd.concat(self.tasks, ignore_index=True) if self.tasks else None


def play_policies(
    env: OpenFaaSAutoscalingEnv,
    policies: Mapping[str, Policy],
    seeds: Sequence[int],
    *,
    recording: Recording,
    record_tasks: bool = True,
    on_episode: EpisodeListener | None = None,
    on_step: StepWatcher | None = None,
) -> None:
    """Play each policy on the episodes ``seeds``; ``recording`` holds what is done, also after an interruption.

    Episodes are the outer loop: when it is cut short, every policy has met the same tasks but for the last.
    """
    for episode, seed in enumerate(seeds):
        for agent, policy in policies.items():
            result = play_episode(
                env,
                policy,
                agent=agent,
                episode=episode,
                episode_seed=seed,
                log=recording.steps,
                on_step=_bound(on_step, agent, episode),
            )
            if record_tasks and isinstance(env.backend, TaskLogging):
                recording.tasks.append(task_frame(agent, episode, env.batch, env.backend.task_log()))
            if on_episode is not None:
                on_episode(agent, episode, result)


def _bound(
    watcher: StepWatcher | None, agent: str, episode: int
) -> Callable[[Observation, float, dict[str, Any]], None] | None:
    if watcher is None:
        return None
    return lambda observation, reward, info: watcher(agent, episode, observation, reward, info)
