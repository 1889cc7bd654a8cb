"""What many environments at once are, wherever they are played."""

from __future__ import annotations

from typing import Any

from gymnasium.core import ActType, ObsType
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from gymnasium.vector.vector_env import ArrayType

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.observation import Layout
from autoscaling_env.plugins import workload_of
from autoscaling_env.settings import seed_of_tasks
from autoscaling_env.workload import Workload


class ManyFarms(VectorEnv[ObsType, ActType, ArrayType]):
    """Gymnasium's ``VectorEnv`` with the configuration, tasks, spaces and autoreset that all of ours have.

    Attributes:
        config: of every environment.
        workload: the source of tasks.
        autoreset_mode: how an episode follows the one before.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - as Gymnasium has it

    def _declare(
        self,
        num_envs: int,
        config: Config,
        workload: Workload | None,
        task_seed: int | None,
        autoreset_mode: AutoresetMode | str,
    ) -> None:
        """Say what these environments are.

        Raises:
            InputError: no such mode, no such seed, or the configuration cannot be.
        """
        self.num_envs, self.config = num_envs, config
        self._task_seed = seed_of_tasks(task_seed, config)
        self.workload = workload_of(config, workload)
        self.autoreset_mode = _mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = Layout.of(config).space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = Discrete(Actions.of(config).count)
        self.action_space = batch_space(self.single_action_space, num_envs)


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise InputError(unknown_name("autoreset_mode", str(mode), [each.value for each in AutoresetMode])) from None
