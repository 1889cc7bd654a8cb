"""Many environments played at once by the compiled kernel: Gymnasium's ``VectorEnv``."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Unpack

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.observation import observation_space
from autoscaling_env.plugins import scenario_config, workload_of
from autoscaling_env.settings import Knobs, configured, seed_of_tasks, whole_number
from autoscaling_env.types import Observation
from autoscaling_env.workload import Workload, draws_rows, level_of
from simulator.compiled import environment as kernel_env
from simulator.compiled.episodes import EpisodeBatch, by_name
from simulator.compiled.streams import Streams
from simulator.randomized_rows import RandomizedRows
from simulator.seeds import EpisodeSeeds
from simulator.vector_info import Infos

#: What ``reset`` may be told.
OPTIONS = ("episode_seed", "episode_seeds", "reset_mask")
#: Arguments beside the knobs.
ARGUMENTS = ("num_envs", "config", "scenario", "history", "workload", "task_seed", "autoreset_mode", "threads")
Rows = NDArray[np.int64]
Results = tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class AutoscalingVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """``num_envs`` times ``autoscaling_env.env.OpenFaaSAutoscalingEnv`` on the compiled farm, number for number.

    Observation float32[num_envs, 9], actions int[num_envs], rewards float64[num_envs]; ``infos`` has an array
    for each key of ``autoscaling_env.info`` and a mask ``_key`` of the environments it holds for.

    **Autoreset**: ``NEXT_STEP`` (default): the step after an episode's last ignores the action, starts the next
    episode and has a reward of 0. ``SAME_STEP``: the last step returns the next episode's first observation, and its
    own in ``infos["final_obs"]`` and ``["final_info"]``. ``DISABLED``: ``reset(options={"reset_mask": ...})``.

    **Seeding**: as ``gymnasium.vector.SyncVectorEnv``: ``reset(seed=n)`` seeds environment i with ``n + i``, a
    list gives each its own. ``options={"episode_seeds": [...]}`` plays exactly those episodes next.

    Args:
        num_envs: how many.
        config, scenario, history, knobs: as for the single environment.
        workload: the source of tasks.
        task_seed: plays the same tasks in every episode.
        autoreset_mode: see above.
        threads: environments are stepped and drawn by so many threads; the results do not depend on it.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - as Gymnasium has it

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
        threads: int = 1,
        **knobs: Unpack[Knobs],
    ) -> None:
        num_envs = whole_number("num_envs", num_envs, least=1)
        self._threads = min(whole_number("threads", threads, least=1), num_envs)
        self.config = configured(scenario_config(config, scenario, history=history), knobs, ARGUMENTS)
        self._task_seed = seed_of_tasks(task_seed, self.config)
        self.workload = workload_of(self.config, workload)
        self.num_envs = num_envs
        self.autoreset_mode = _mode(autoreset_mode)
        self.metadata = {**type(self).metadata, "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = observation_space(self.config.farm.max_workers)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.single_action_space = Discrete(Actions.of(self.config).count)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._batch = EpisodeBatch(self.config, self.workload.mean_service_s, num_envs)
        self._infos = Infos(self.config, num_envs)
        self._randomized = RandomizedRows(self.config, num_envs)
        self._seeds = np.zeros(num_envs, dtype=np.int64)
        self._episode_seeds = EpisodeSeeds(num_envs)
        self._is_reset = False
        self._done = np.zeros(num_envs, dtype=np.bool_)
        self._all = np.arange(num_envs)
        self._has_room = False
        self._streams = [Streams() for _ in range(self._threads)]
        self._pool = self._made_pool()

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made from: all but the threads, of which it gets its own."""
        return {**self.__dict__, "_pool": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._pool = self._made_pool()

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode everywhere, or where ``options["reset_mask"]`` says."""
        given = options or {}
        if unknown := [name for name in given if name not in OPTIONS]:
            raise InputError(*(unknown_name("reset option", name, OPTIONS) for name in unknown))
        rows = self._masked(given)
        self._seed(seed, rows)
        self._begin(rows, self._named(given, rows))
        infos = self._infos.of_reset(self._batch.table(), self._seeds, rows)
        return self._batch.episodes.observation.copy(), infos | self._randomized.infos(rows)

    def step(self, actions: NDArray[np.int64]) -> Results:
        """Step every environment by its action; see the class for what happens at the end of an episode."""
        if not self._is_reset:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        chosen = self._checked(actions)
        again = np.flatnonzero(self._done)
        if len(again) and self.autoreset_mode is not AutoresetMode.NEXT_STEP:
            raise gymnasium.error.ResetNeeded(f"the episodes of environments {again.tolist()} are over; reset them")
        rows = self._all
        if len(again):  # first, so that one look at all of them has their infos too
            rows = np.flatnonzero(~self._done)
            self._begin(again, self._next_seeds(again))
        self._advance(rows, self._batch.changes(rows, chosen[rows]))
        rewards, terminated, truncated, infos, ended = self._outcome(rows)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and len(ended):
            infos |= self._start_over(infos, ended)
        infos |= self._randomized.infos(self._all)
        return self._batch.episodes.observation.copy(), rewards, terminated, truncated, infos

    def close_extras(self, **_: Any) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _made_pool(self) -> ThreadPoolExecutor | None:
        return ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None

    def _checked(self, actions: Any) -> NDArray[np.int64]:
        given, count = np.asarray(actions), self._batch.actions.count
        if given.shape == (self.num_envs,) and given.dtype.kind in "iu":
            chosen = given.astype(np.int64, copy=False)
            if chosen.view(np.uint64).max() < count:  # a negative number would be a very large one
                return chosen
        allowed = f"must be {self.num_envs} whole numbers from 0 to {count - 1}"
        raise gymnasium.error.InvalidAction(f"actions {np.array2string(given, threshold=8)}; {allowed}")

    def _advance(self, rows: Rows, deltas: NDArray[np.int64]) -> None:
        self._batch.make_room()
        self._each(
            lambda part: kernel_env.step_all(self._batch.episodes, self._batch.rules, *part), self._shares(rows, deltas)
        )

    def _shares(self, *arrays: NDArray[np.int64]) -> list[Any]:
        """Return the arrays split among the threads."""
        if self._pool is None:
            return [arrays]
        return list(zip(*(np.array_split(array, self._threads) for array in arrays), strict=True))

    def _each(self, do: Any, parts: list[Any]) -> None:
        """Do the first part here, where nobody has to be woken for it, and the others in threads of their own."""
        if self._pool is None:
            do(parts[0])
            return
        others = [self._pool.submit(do, part) for part in parts[1:]]
        try:
            do(parts[0])
        finally:
            wait(others)
        for other in others:
            other.result()

    def _outcome(self, rows: Rows) -> tuple[Any, Any, Any, dict[str, Any], Rows]:
        """Return rewards, ends, infos and where episodes ended; of one reset, not stepped: zero, none, its reset's."""
        table = self._batch.table()
        facts = by_name(table)
        terminated, truncated = facts["terminated"].astype(np.bool_), facts["truncated"].astype(np.bool_)
        stepped = None
        if rows is not self._all:
            stepped = np.zeros(self.num_envs, dtype=np.bool_)
            stepped[rows] = True
            terminated, truncated = terminated & stepped, truncated & stepped
        named = self._batch.reward_terms(facts, terminated, truncated)
        rewards = reward.total(named) if stepped is None else np.where(stepped, reward.total(named), 0.0)
        self._done = terminated | truncated
        ended = np.flatnonzero(self._done)
        infos = self._infos.of_step(table, facts, named, self._seeds, stepped, ended)
        return rewards, terminated, truncated, infos, ended

    def _start_over(self, infos: dict[str, Any], rows: Rows) -> dict[str, Any]:
        """Start the next episode where one ended; what was true at the end moves to ``final_obs`` and ``_info``."""
        final = self._infos.final(infos, self._batch.episodes.observation, rows)
        final["final_info"] |= self._randomized.infos(rows)
        self._begin(rows, self._next_seeds(rows))
        self._infos.start_over(infos, self._batch.episodes.facts[rows].T, self._seeds, rows)
        return final

    def _begin(self, rows: Rows, seeds: NDArray[np.int64]) -> None:
        self._seeds[rows] = seeds
        self._randomized.begin(rows, seeds)
        self._draw(rows, seeds)
        self._batch.begin(rows)
        self._done[rows] = False

    def _draw(self, rows: Rows, seeds: NDArray[np.int64]) -> None:
        """Draw the episodes of the seeds into their rows, by all threads once the first has made room."""
        draw, first = self._batch.draw, self._streams[0]
        if self._pool is None or not draws_rows(self.workload):
            draw(self.workload, rows, seeds, first)
            return
        if not self._has_room:  # the first makes room for all
            draw(self.workload, rows[:1], seeds[:1], first)
            self._has_room, rows, seeds = True, rows[1:], seeds[1:]
        shares = [(*share, streams) for share, streams in zip(self._shares(rows, seeds), self._streams, strict=True)]
        self._each(lambda share: draw(self.workload, *share), shares)

    def _masked(self, options: dict[str, Any]) -> Rows:
        mask = options.get("reset_mask")
        if mask is None:
            return self._all
        if np.shape(mask) != (self.num_envs,) or np.asarray(mask).dtype != np.bool_ or not np.any(mask):
            raise ValueError(f"options['reset_mask'] must be bool[{self.num_envs}] with at least one True")
        return np.flatnonzero(mask)

    def _seed(self, seed: int | Sequence[int | None] | None, rows: Rows) -> None:
        seeds: list[int | None] = [None] * self.num_envs
        if isinstance(seed, list | tuple | np.ndarray):
            seeds = [each if each is None else whole_number("seed", each) for each in seed]
        elif seed is not None:
            first = whole_number("seed", seed)
            seeds = [first + index for index in range(self.num_envs)]
        if len(seeds) != self.num_envs:
            raise ValueError(f"seed has {len(seeds)} entries; it must have num_envs = {self.num_envs}")
        for row in (rows if self._is_reset else self._all).tolist():
            self._episode_seeds.seed(row, seeds[row])
        self._is_reset = True

    def _named(self, options: dict[str, Any], rows: Rows) -> NDArray[np.int64]:
        if "episode_seed" in options:
            return np.full(len(rows), whole_number("episode_seed", options["episode_seed"]))
        if "episode_seeds" not in options:
            return self._next_seeds(rows)
        given = options["episode_seeds"]
        if np.shape(given) != (self.num_envs,):
            raise ValueError(f"options['episode_seeds'] must have num_envs = {self.num_envs} entries")
        return np.array([whole_number("episode_seeds", given[row]) for row in rows])

    def _next_seeds(self, rows: Rows) -> NDArray[np.int64]:
        if self._task_seed is not None:
            return np.full(len(rows), self._task_seed)
        return level_of(self.config.environment, self._episode_seeds.next(rows))


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise InputError(unknown_name("autoreset_mode", str(mode), [each.value for each in AutoresetMode])) from None
