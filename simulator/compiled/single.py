"""One environment's reset and step, whole, on the compiled farm: what the vector environment does for many."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.objective import RewardFunction
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.reward import total
from autoscaling_env.schema import FACTS, SEEN_FIELDS, STANDARD, STEP
from autoscaling_env.types import Observation, TaskBatch
from autoscaling_env.workload import Workload
from simulator.compiled.episodes import EpisodeBatch, numbers_of
from simulator.compiled.kernel import Farms
from simulator.compiled.names import FACT
from simulator.compiled.playing import step_one
from simulator.compiled.streams import Streams

#: Tells the farm what is played on it from now on.
Adopt = Callable[[Farms, TaskBatch], None]
Returned = tuple[Observation, float, bool, bool, dict[str, Any]]

#: The facts that are keys of ``info`` as they are.
_TOLD = tuple(column.name for column in STEP if column.kernel and column.info)
_told = itemgetter(*(FACTS.index(name) for name in _TOLD))
_REASONS = {-1: str(ScaleReason.AT_MINIMUM), 0: str(ScaleReason.OK), 1: str(ScaleReason.AT_MAXIMUM)}
_ALL = np.zeros(1, dtype=np.int64)
#: Attributes of ``CompiledSteps`` that say where the arrays lie.
_PLACES = frozenset({"_memory", "_facts", "_terms", "_seen", "_standard", "_reals"})


class CompiledSteps:
    """Plays an environment's episodes (see ``autoscaling_env.step.Stepping``).

    Args:
        config: of the environment.
        workload: of the environment.
        adopt: told of every farm that is played on.
        function: the reward function, where it is at hand.
    """

    def __init__(
        self, config: Config, workload: Workload, adopt: Adopt, function: RewardFunction | None = None
    ) -> None:
        self._many = EpisodeBatch(config, workload.mean_service_s, 1, record=True, function=function)
        self._workload, self._adopt, self._streams = workload, adopt, Streams()
        self._step_s, self._rise = config.environment.step_duration_s, self._many.rise
        actions = Actions.of(config)
        values = {
            "scale_reason": _REASONS[0],
            "scale_detail": "",
            "stale": (),
            "action_deltas": actions.deltas,
            "min_workers": actions.min_workers,
            "max_workers": actions.max_workers,
            "step_duration_s": self._step_s,
        }
        #: ``info`` in the order of its keys, with what stays the same.
        self._info = {column.name: values.get(column.name) for column in STEP if column.info and column.of}
        self.batch: TaskBatch = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._is_reset = False

    def reset(self, episode: int) -> tuple[Observation, dict[str, Any]]:
        """Draw the episode, start it and observe it."""
        many = self._many
        self.batch = many.draw_one(self._workload, _ALL, episode, self._streams)
        many.begin(_ALL)
        self._info["episode_seed"], self._time_s, self._is_reset = self.batch.seed, 0.0, True
        self._look()
        info = self._told(self._facts.tolist())
        info["reward_terms"] = {}
        return self._observed(info), info

    def step(self, action: int) -> Returned:
        """Do what the action asks for, let a step pass, observe."""
        many = self._many
        if self._crowded:
            many.remember(*self._crowd)
            many.make_room()
            self._look()
        reward = step_one(self._memory, action)
        self._time_s += self._step_s
        facts = self._facts.tolist()
        info = self._told(facts)
        if many.objective.function is None:
            info["reward_terms"] = dict(zip(many.terms, self._terms.tolist(), strict=True))
        else:
            named = many.objective.terms(None, numbers_of([*facts, *self._reals.tolist()]))
            info["reward_terms"] = {name: float(value) for name, value in named.items()}
            reward = float(total(named))
        terminated, truncated = facts[FACT.terminated] == 1, facts[FACT.truncated] == 1
        if terminated or truncated:
            processed, missed = facts[FACT.processed_tasks], facts[FACT.qos_violations]
            info["episode_final_qos"] = (processed - missed) / processed if processed else 1.0
        return self._observed(info), reward, terminated, truncated, info

    def _observed(self, info: dict[str, Any]) -> Observation:
        if not self._many.layout.is_standard:
            info[STANDARD.name], info[SEEN_FIELDS.name] = self._standard.copy(), self._many.layout.names
        seen: Observation = self._seen.copy()
        return seen

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made from: not where the arrays lie."""
        return {name: value for name, value in self.__dict__.items() if name not in _PLACES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._is_reset:
            self._look()

    def _told(self, facts: list[int]) -> dict[str, Any]:
        info = self._info.copy()
        info.update(zip(_TOLD, _told(facts), strict=True))
        info["time_s"] = self._time_s
        wanted = facts[FACT.requested_delta] - facts[FACT.applied_delta]
        if wanted:
            info["scale_reason"] = _REASONS[1 if wanted > 0 else -1]
        self._crowd = facts[FACT.requested_workers] + facts[FACT.workers_draining], facts[FACT.workers_started]
        self._crowded = self._crowd[0] > self._most or self._crowd[1] > self._most_started
        return info

    def _look(self) -> None:
        """Look where everything is now; arrays move when they grow."""
        episodes = self._many.episodes
        self._memory = self._many.memory
        self._facts, self._terms, self._seen = episodes.facts[0], episodes.terms[0], episodes.observation[0]
        self._standard, self._reals = episodes.standard[0], episodes.reals[0]
        self._most = episodes.farms.starting_s.shape[1] - self._rise
        self._most_started = episodes.farms.startup_s.shape[1] - self._rise
        self._adopt(episodes.farms, self.batch)
