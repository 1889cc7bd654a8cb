"""stable-baselines3's ``VecEnv`` over a native vector environment: no process and no pipe for each farm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from agents.libraries.sb3.infos import RowInfo
from autoscaling_env import ENV_ID
from autoscaling_env.errors import InputError


def make_vec_env(env_id: str = ENV_ID, n_envs: int = 1, seed: int | None = None, **kwargs: Any) -> Sb3VecEnv:
    """Return the environment of an id as stable-baselines3's algorithms take it; named as its own such function.

        PPO("MlpPolicy", make_vec_env(n_envs=16, seed=0, config=load_scenario("flash_crowd")))

    Args:
        env_id: a registered environment of ours.
        n_envs: farms that are played at once.
        seed: of the first reset: farm i has ``seed + i``, as with ``VecEnv.seed``.
        kwargs: as for ``gymnasium.make_vec`` with the id, such as ``config``, ``max_workers`` or ``threads``.

    Raises:
        InputError: something of it is not allowed.
    """
    envs = Sb3VecEnv(gymnasium.make_vec(env_id, n_envs, autoreset_mode=AutoresetMode.SAME_STEP, **kwargs))
    if seed is not None:
        envs.seed(seed)
    return envs


class Sb3VecEnv(VecEnv):
    """A Gymnasium vector environment as a ``VecEnv``.

    Observation float32[n, fields], rewards float32[n], dones bool[n]. ``infos`` is a list of n mappings, each what the
    single environment's ``info`` would say, and ``TimeLimit.truncated``; of an episode that ended in the step its last,
    with ``terminal_observation``. They are looked up when they are asked for; ``info.copy()`` is a dictionary.

    All farms are one object: ``set_attr`` and ``env_method`` change or ask all of them or none, and wrappers of single
    environments have no place. ``VecMonitor`` and ``VecNormalize`` go around it.

    Args:
        envs: with ``autoreset_mode="SameStep"``, which is how stable-baselines3 starts over.
    """

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        mode = envs.metadata.get("autoreset_mode")
        if mode is not AutoresetMode.SAME_STEP:
            told = getattr(mode, "value", mode)
            raise InputError(f"autoreset_mode {told!r}: stable-baselines3 starts over within the step: 'SameStep'")
        self.envs = envs
        self._actions: NDArray[np.int64] = np.zeros(envs.num_envs, dtype=np.int64)
        super().__init__(envs.num_envs, envs.single_observation_space, envs.single_action_space)

    def reset(self) -> NDArray[np.float32]:
        """Start an episode everywhere, by the seeds and options that were set."""
        seeds: Any = None if all(seed is None for seed in self._seeds) else list(self._seeds)
        observation, infos = self.envs.reset(seed=seeds, options=self._named_episodes())
        self.reset_infos = [RowInfo(infos, row, {}) for row in range(self.num_envs)]  # type: ignore[misc]
        self._reset_seeds()
        self._reset_options()
        reset: NDArray[np.float32] = observation
        return reset

    def step_async(self, actions: NDArray[Any]) -> None:
        """Take the actions, int[n]."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Step; see the class for what comes back."""
        observation, rewards, terminated, truncated, infos = self.envs.step(self._actions)
        dones = terminated | truncated
        told = [RowInfo(infos, row, {"TimeLimit.truncated": False}) for row in range(self.num_envs)]
        for row in np.flatnonzero(dones).tolist():
            self.reset_infos[row] = RowInfo(infos, row, {})  # type: ignore[call-overload]
            own = {
                "TimeLimit.truncated": bool(truncated[row] and not terminated[row]),
                "terminal_observation": infos["final_obs"][row],
            }
            told[row] = RowInfo(infos["final_info"], row, own)
        return observation, rewards.astype(np.float32), dones, told  # type: ignore[return-value]

    def close(self) -> None:
        """Close the farms."""
        self.envs.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return what all farms have in common, once for each."""
        return [getattr(self.envs, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set what all farms have in common.

        Raises:
            InputError: some of them alone cannot have it.
        """
        self._all_or_none("set_attr", indices)
        setattr(self.envs, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any) -> list[Any]:
        """Call a method of the vector environment, once; return what it returned, once for each.

        Raises:
            InputError: some farms alone cannot be asked.
        """
        self._all_or_none("env_method", indices)
        return [getattr(self.envs, method_name)(*args, **kwargs)] * self.num_envs

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: VecEnvIndices = None) -> list[bool]:
        """Return False for each: nothing is around a single one of them."""
        return [False] * len(list(self._get_indices(indices)))

    def _all_or_none(self, method: str, indices: VecEnvIndices) -> None:
        if len(set(self._get_indices(indices))) != self.num_envs:
            raise InputError(f"{method}: indices {indices!r}: the {self.num_envs} farms are one object; leave them out")

    def _named_episodes(self) -> dict[str, Any] | None:
        """Return the options as the vector environment takes them: the episodes, if they were named."""
        given: Sequence[dict[str, Any]] = self._options
        if not any(given):
            return None
        if any(list(each) != ["episode_seed"] for each in given):
            raise InputError(f"options {given}: name an episode_seed for every farm, and nothing else")
        return {"episode_seeds": [each["episode_seed"] for each in given]}
