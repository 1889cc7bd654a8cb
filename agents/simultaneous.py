"""Episodes played at once: one in each row of a vector environment, until all of them are over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from autoscaling_env.observation import standard
from autoscaling_env.records import INFO_COLUMNS
from autoscaling_env.schema import RANDOMIZED
from autoscaling_env.summary import QOS_RATE, EpisodeSummary
from autoscaling_env.types import BoolArray, FloatArray, Observation

#: ``options={"episode_seeds": [...]}`` names its episodes; autoreset mode ``NEXT_STEP``.
Environments: TypeAlias = VectorEnv[Any, Any, Any]
#: Observation, reward, terminated, truncated and ``info`` of one step, as ``StepLog.append`` takes them.
StepRow: TypeAlias = tuple[Observation, float, bool, bool, dict[str, Any]]
#: Of ``infos`` what a summary needs of every step.
SUMMARISED = (
    "requested_workers",
    "requested_delta",
    "time_s",
    "processed_tasks",
    "unfinished_tasks",
    "qos_violations",
)


class Simultaneous:
    """n <= ``env.num_envs`` episodes in progress. Rows of an episode that is over are stepped on and mean nothing.

    Attributes:
        observations: float32[n, 9].
        infos: of the vector environment: its arrays may be longer than n.
        rewards, terminated, truncated: of the last step, [n].
        playing: bool[n], whose episode is not over.
    """

    def __init__(self, env: Environments, seeds: Sequence[int]) -> None:
        self._env, self._size = env, len(seeds)
        idle = [seeds[-1]] * (env.num_envs - self._size)  # rows nobody asked for play along
        observations, self.infos = env.reset(options={"episode_seeds": [*seeds, *idle]})
        self.observations: NDArray[np.float32] = observations[: self._size]
        self.rewards: FloatArray = np.zeros(self._size)
        self.terminated: BoolArray = np.zeros(self._size, dtype=np.bool_)
        self.truncated: BoolArray = np.zeros(self._size, dtype=np.bool_)
        self.playing: BoolArray = np.ones(self._size, dtype=np.bool_)
        self._actions = np.zeros(env.num_envs, dtype=np.int64)
        self._steps: list[tuple[NDArray[Any], ...]] = []

    def step(self, actions: Sequence[int] | NDArray[np.int64]) -> None:
        """Step every episode by its action, int[n]."""
        size = self._size
        self._actions[:size] = actions
        observations, rewards, terminated, truncated, self.infos = self._env.step(self._actions)
        self.observations, self.rewards = observations[:size], rewards[:size]
        self.terminated, self.truncated = terminated[:size], truncated[:size]
        figures = (self.infos[name][:size] for name in SUMMARISED)
        self._steps.append((self.playing, self.rewards, standard(self.observations, self.infos)[:, QOS_RATE], *figures))
        self.playing = self.playing & ~(self.terminated | self.truncated)

    def rows(self, playing: BoolArray) -> list[tuple[int, StepRow]]:
        """Return (row, its last step) of the ``playing`` rows; of ``info`` only what ``StepLog`` reads."""
        outcomes = (self.rewards.tolist(), self.terminated.tolist(), self.truncated.tolist(), self._step_infos())
        steps = list(zip(standard(self.observations, self.infos), *outcomes, strict=True))
        return [(row, steps[row]) for row in np.flatnonzero(playing).tolist()]

    def _step_infos(self) -> list[dict[str, Any]]:
        names = ("episode_seed", *INFO_COLUMNS)
        columns = zip(*[self.infos[name][: self._size].tolist() for name in names], strict=True)
        terms = {
            name: value[: self._size].tolist() for name, value in self.infos["reward_terms"].items() if name[0] != "_"
        }
        terms_of = [dict(zip(terms, values, strict=True)) for values in zip(*terms.values(), strict=True)]
        infos = [
            dict(zip(names, values, strict=True)) | {"reward_terms": each}
            for values, each in zip(columns, terms_of, strict=True)
        ]
        if RANDOMIZED.name in self.infos:
            drawn = self.infos[RANDOMIZED.name]
            for row, info in enumerate(infos):
                info[RANDOMIZED.name] = {key: values[row].item() for key, values in drawn.items() if key[0] != "_"}
        return infos

    def summaries(self) -> list[EpisodeSummary]:
        """Return what each episode came to, once all are over: the same as played alone, to the bit."""
        playing, *columns = (np.array(column).T for column in zip(*self._steps, strict=True))
        return [self._summary(*(column[row][mask] for column in columns)) for row, mask in enumerate(playing)]

    @staticmethod
    def _summary(*columns: NDArray[Any]) -> EpisodeSummary:
        rewards, qos_rates, workers, deltas, times_s, processed, unfinished, missed = columns
        return EpisodeSummary.of_steps(
            reward=rewards,
            qos_rate=qos_rates,
            requested_workers=workers,
            requested_delta=deltas,
            time_s=times_s,
            processed_tasks=int(processed[-1]),
            unfinished_tasks=int(unfinished[-1]),
            qos_violations=int(missed[-1]),
        )
