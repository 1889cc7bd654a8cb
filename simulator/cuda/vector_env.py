"""Many environments on a GPU: Gymnasium's ``VectorEnv`` whose arrays stay there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError, InputError, unknown_name
from autoscaling_env.plugins import scenario_config
from autoscaling_env.schema import FACTS, REALS
from autoscaling_env.settings import Knobs, configured, whole_number
from autoscaling_env.workload import Workload
from simulator.cuda import arrays, environment, levels
from simulator.cuda.drawing import Plan, drawing_plan, no_plan, plan_of
from simulator.cuda.environment import DISABLED, FRESH, NEXT_STEP, SAME_STEP, SWAPS, Outcomes, Play, Turns, no_outcomes
from simulator.cuda.pool import Choice, drawn_there, seeds_of
from simulator.cuda.targets import DeviceArray, Target, target
from simulator.many_farms import ManyFarms

#: What ``reset`` may be told.
OPTIONS = ("episode_seeds", "reset_mask")
#: Arguments beside the knobs.
ARGUMENTS = (
    "num_envs",
    "config",
    "scenario",
    "history",
    "workload",
    "task_seed",
    "autoreset_mode",
    "device",
    "precision",
    "pool",
    "draw",
    "exact",
    "ring",
)
PRECISIONS = {"float64": np.float64, "float32": np.float32}
#: Levels drawn unless told otherwise: an episode in so many is one that was played before.
POOL = 1024
_MODES = {
    AutoresetMode.NEXT_STEP: NEXT_STEP,
    AutoresetMode.SAME_STEP: SAME_STEP,
    AutoresetMode.DISABLED: DISABLED,
}
_PROBLEMS = {
    arrays.CROWDED: "more workers still held a task than there is room for",
    arrays.FORGOTTEN: "more results waited to be collected than `ring` remembers; give a larger one",
    arrays.NO_ACTION: "an action that there is not",
}
Returned = tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray, dict[str, Any]]


class CudaVectorEnv(ManyFarms[Any, Any, Any]):
    """``num_envs`` environments on a GPU, one thread each; everything returned is an array there.

    Observation float32[num_envs, o], rewards float64 (or float32)[num_envs], terminated and truncated bool[num_envs].
    They have ``__cuda_array_interface__`` (torch, CuPy and JAX take them without a copy) and are **the same arrays at
    every step**, written anew: copy what is to be kept. Actions are int64[num_envs], on the device or not. Nothing
    waits for the GPU until somebody looks: ``infos`` are empty, ``info()`` fetches what a step was, ``check()`` says
    what went wrong, ``to_numpy()`` is the same environment with NumPy's arrays and with infos.

    **Episodes** are levels of a pool, drawn on this machine exactly as everywhere and shared by all environments: of
    ``environment.levels`` where the configuration has some, else ``pool`` episodes of seeds that follow from
    ``reset(seed=...)``. Which one a row plays next is drawn on the device, so rows do not play those that
    ``AutoscalingVectorEnv`` would; with ``exact`` they do (of each environment the first ``seeds.AHEAD`` episodes,
    again and again), to the bit in float64.

    Args:
        num_envs: how many.
        config, scenario, history, workload, task_seed, knobs: as for ``AutoscalingVectorEnv``.
        autoreset_mode: likewise; of ``SAME_STEP`` the last observation is in ``outcomes.final_observation``.
        device: ``cuda``, or ``host``: the device's code on this machine's processor, for tests.
        precision: ``float64`` or ``float32``; see docs/gpu.md for what that costs.
        pool: levels drawn where the configuration has none. None, with ``draw="device"``: every episode is drawn anew.
        draw: ``host``: on this machine, as everywhere; ``device``: there, faster, statistically the same and not the
            same numbers (``simulator.cuda.drawing``), of phases whose arrivals are exact, Poisson or gamma.
        exact: play what the CPU's environment would.
        ring: results remembered of each environment, at least those of one observation window; all if left out.

    Raises:
        InputError: there is no GPU, or the configuration asks for what a device cannot do.
    """

    def __init__(
        self,
        num_envs: int = 1,
        *,
        config: Config | None = None,
        scenario: str | None = None,
        history: bool = False,
        workload: Workload | None = None,
        task_seed: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        device: str = "cuda",
        precision: str = "float64",
        pool: int | None = POOL,
        draw: str = "host",
        exact: bool = False,
        ring: int | None = None,
        **knobs: Unpack[Knobs],
    ) -> None:
        num_envs = whole_number("num_envs", num_envs, least=1)
        self._pool = None if pool is None else whole_number("pool", pool, least=1)
        self._drawn_there = drawn_there(draw, fresh=pool is None, exact=exact)
        self._ring = None if ring is None else whole_number("ring", ring, least=1)
        if precision not in PRECISIONS:
            raise InputError(unknown_name("precision", precision, PRECISIONS))
        self._real = PRECISIONS[precision]
        chosen = configured(scenario_config(config, scenario, history=history), knobs, ARGUMENTS)
        self.target: Target = target(device)
        self._declare(num_envs, chosen, workload, task_seed, autoreset_mode)
        self._kinds = Actions.of(self.config).count
        self._choice = Choice(self.config.environment, self.num_envs, self._pool or POOL, self._task_seed, exact=exact)
        self._play: Play | None = None
        self.compile()

    def compile(self) -> None:
        """Have the kernels of ``target``: another one may have been put there."""
        swaps = FRESH if self._pool is None else SWAPS
        self._begin = self.target.entry(environment.begin_row, swaps)
        self._step = self.target.entry(environment.step_row, swaps)

    @property
    def outcomes(self) -> Outcomes:
        """What the last step brought, and the last episode that ended in each row; arrays on the device."""
        return self.playing.outcomes

    @property
    def device_bytes(self) -> int:
        """How much of the device's memory the environments take."""
        return arrays.bytes_of(self.playing)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[DeviceArray, dict[str, Any]]:
        """Start an episode everywhere, or where ``options["reset_mask"]`` says.

        A seed, or ``options["episode_seeds"]`` (the levels of the pool, the i-th environment's first is the i-th of
        them), draws a new pool and begins everywhere.
        """
        given = options or {}
        if unknown := [name for name in given if name not in OPTIONS]:
            raise InputError(*(unknown_name("reset option", name, OPTIONS) for name in unknown))
        if self._play is None or seed is not None or "episode_seeds" in given:
            self._draw(seed, given.get("episode_seeds"))
        play = self.playing
        self.target.write(play.turns.chosen, self._masked(given))
        self._begin(self.num_envs, play)
        return play.episodes.observation, {}

    def step(self, actions: Any) -> Returned:
        """Step every environment by its action: int64[num_envs]; on the device they are not looked at before."""
        play = self.playing
        taken = play._replace(turns=play.turns._replace(actions=self._actions(actions)))
        self._step(self.num_envs, taken)
        told = play.outcomes
        return play.episodes.observation, told.reward, told.terminated, told.truncated, {}

    def info(self) -> dict[str, Any]:
        """Fetch what is known of the last step: an array of NumPy's for each of ``schema.FACTS`` and ``REALS``."""
        episodes = self.playing.episodes
        facts, reals = self.target.fetch(episodes.facts), self.target.fetch(episodes.reals)
        return dict(zip(FACTS, facts.T.copy(), strict=True)) | dict(zip(REALS, reals.T.copy(), strict=True))

    def check(self) -> None:
        """Wait for the device, and see that there was room for everything.

        Raises:
            BackendError: there was not, in so many environments: their numbers are wrong.
        """
        self.target.synchronize()
        problems = self.target.fetch(self.playing.episodes.farms.state)["problem"]
        counts = {text: int(np.sum(problems == kind)) for kind, text in _PROBLEMS.items()}
        if wrong := [f"{count} environments: {text}" for text, count in counts.items() if count]:
            raise BackendError("; ".join(wrong))

    def to_numpy(self) -> VectorEnv[Any, Any, Any]:
        """Return this environment with NumPy's arrays and with infos, as ``AutoscalingVectorEnv`` has them."""
        from simulator.cuda.mirror import Mirror

        return Mirror(self)

    @property
    def playing(self) -> Play:
        """All arrays of the environments, on the device.

        Raises:
            ResetNeeded: there are none before the first ``reset``.
        """
        if self._play is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self._play

    def _draw(self, seed: int | Sequence[int | None] | None, named: Any) -> None:
        """Draw a new pool, and put everything on the device."""
        known = seeds_of(seed)
        if self._drawn_there:
            self._draw_there(known[0] if known else 0, named)
            return
        chosen, schedule = self._choice.of(seed, known, named)
        drawn = levels.draw(self.config, self.workload, chosen)
        self._put(drawn, self._turns(drawn, schedule, known[0] if known else 0), no_plan())

    def _draw_there(self, seed: int, named: Any) -> None:
        """Draw a new pool on the device, or leave it to every episode's beginning."""
        if named is not None:
            raise InputError("episode_seeds: their episodes are drawn on this machine; leave draw='device' out")
        if self._task_seed is not None:
            raise InputError("task_seed: its tasks are drawn on this machine; leave draw='device' out")
        plan = drawing_plan(self.config, self.workload)
        drawn = levels.room_for(self.config, plan, self._pool or self.num_envs)
        turns = self._turns(drawn, np.zeros((self.num_envs, 0), dtype=np.int32), seed)
        self._put(drawn, turns, plan_of(self.config, plan))
        if self._pool is not None:
            self.target.entry(environment.draw_row, SWAPS)(len(drawn.tasks), self.playing)

    def _put(self, drawn: levels.Levels, turns: Turns, plan: Plan) -> None:
        """Put everything on the device."""
        self.level_seeds = drawn.seeds
        episodes, rules = levels.play_of(
            self.config, self.workload.mean_service_s, drawn, self.num_envs, self._real, self._ring
        )
        observed = episodes.observation.shape[1]
        made = Play(episodes, rules, turns, no_outcomes(self.num_envs, observed, self._real), plan)
        shared = episodes.observation is episodes.standard
        there = arrays.copied(made, self.target.put)
        if shared:
            there = there._replace(episodes=there.episodes._replace(observation=there.episodes.standard))
        self._play = there

    def _turns(self, drawn: levels.Levels, schedule: NDArray[np.int32], seed: int) -> Turns:
        rows = self.num_envs
        return Turns(
            autoreset=_MODES[self.autoreset_mode],
            kinds=self._kinds,
            seed=np.array([seed], dtype=np.uint64),
            episode=np.zeros(rows, dtype=np.int64),
            schedule=schedule,
            segments=drawn.segments.astype(np.int64),
            workers=drawn.workers.astype(np.int64),
            chosen=np.ones(rows, dtype=np.bool_),
            actions=np.zeros(rows, dtype=np.int64),
            over=np.zeros(rows, dtype=np.bool_),
        )

    def _actions(self, actions: Any) -> DeviceArray:
        given = self.target.given(actions)
        if given.shape != (self.num_envs,) or given.dtype != np.int64:
            raise gymnasium.error.InvalidAction(
                f"actions {given.dtype}{list(given.shape)}: must be int64[{self.num_envs}], each from 0 to "
                f"{self._kinds - 1}"
            )
        return given

    def _masked(self, options: dict[str, Any]) -> NDArray[np.bool_]:
        mask = options.get("reset_mask")
        if mask is None:
            return np.ones(self.num_envs, dtype=np.bool_)
        chosen = np.asarray(mask)
        if chosen.shape != (self.num_envs,) or chosen.dtype != np.bool_ or not chosen.any():
            raise ValueError(f"options['reset_mask'] must be bool[{self.num_envs}] with at least one True")
        return chosen
