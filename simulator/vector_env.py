"""Many environments played at once by the compiled kernel: Gymnasium's ``VectorEnv``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Unpack

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.plugins import scenario_config
from autoscaling_env.schema import SEEN_FIELDS, STANDARD
from autoscaling_env.settings import Knobs, configured, whole_number
from autoscaling_env.types import Observation
from autoscaling_env.workload import Workload, draws_rows, level_of
from simulator.compiled.drawn_ahead import FEW, DrawnAhead
from simulator.compiled.episodes import EpisodeBatch
from simulator.compiled.playing import Results, step_all
from simulator.compiled.streams import Streams
from simulator.many_farms import ManyFarms
from simulator.randomized_rows import RandomizedRows
from simulator.seeds import EpisodeSeeds
from simulator.vector_info import Infos

#: What ``reset`` may be told.
OPTIONS = ("episode_seed", "episode_seeds", "reset_mask")
#: Arguments beside the knobs.
ARGUMENTS = ("num_envs", "config", "scenario", "history", "workload", "task_seed", "autoreset_mode", "threads")
Rows = NDArray[np.int64]
Returned = tuple[Observation, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]


class AutoscalingVectorEnv(ManyFarms[Observation, NDArray[np.int64], NDArray[Any]]):
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
        chosen = configured(scenario_config(config, scenario, history=history), knobs, ARGUMENTS)
        self._declare(num_envs, chosen, workload, task_seed, autoreset_mode)
        given = knobs.get("reward")
        function = given if callable(given) else None
        self._batch = EpisodeBatch(self.config, self.workload.mean_service_s, num_envs, function=function)
        self._infos = Infos(self.config, num_envs)
        self._randomized = RandomizedRows(self.config, num_envs)
        self._seeds = np.zeros(num_envs, dtype=np.int64)
        self._episode_seeds = EpisodeSeeds(num_envs)
        self._is_reset = False
        self._done = np.zeros(num_envs, dtype=np.bool_)
        self._all, self._none = np.arange(num_envs), np.arange(0)
        self._over = self._none  # where ``_done``
        self._has_room = False
        self._streams = [Streams() for _ in range(self._threads)]
        self._pool = self._made_pool()
        few = num_envs <= FEW and self._threads == 1 and draws_rows(self.workload)
        self._ahead = DrawnAhead(self._batch, self._streams[0], self._upcoming) if few else None

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
        results = self._batch.room()
        self._batch.tell(rows, results)
        infos = self._infos.of_reset(results, self._seeds, rows) | self._standard(rows) | self._randomized.infos(rows)
        return self._batch.episodes.observation.copy(), infos

    def step(self, actions: NDArray[np.int64]) -> Returned:
        """Step every environment by its action; see the class for what happens at the end of an episode."""
        if not self._is_reset:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        chosen, rows, again = self._checked(actions), self._all, self._over
        if len(again):  # first, so that one look at all of them has their infos too
            if self.autoreset_mode is not AutoresetMode.NEXT_STEP:
                raise gymnasium.error.ResetNeeded(f"the episodes of environments {again.tolist()} are over; reset them")
            rows = np.flatnonzero(~self._done)
            self._begin(again, self._next_seeds(again))
        results = self._batch.room()
        ended = self._advance(rows, chosen, results)
        results = self._batch.judged(results, rows)
        stepped = None
        if len(again):
            self._batch.tell(again, results)
            stepped = np.ones(self.num_envs, dtype=np.bool_)
            stepped[again] = False
        self._done = results.terminated | results.truncated
        self._over = np.flatnonzero(self._done) if ended else self._none
        if ended and self.autoreset_mode is AutoresetMode.SAME_STEP:
            infos, rewards, ends = self._start_over(results, self._over)
        else:
            infos = self._infos.of_step(results, self._batch.terms, self._seeds, stepped, self._over)
            rewards, ends = results.reward, (results.terminated, results.truncated)
        infos |= self._standard(self._all) | self._randomized.infos(self._all)
        return self._batch.episodes.observation.copy(), rewards, *ends, infos

    def close_extras(self, **_: Any) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _made_pool(self) -> ThreadPoolExecutor | None:
        return ThreadPoolExecutor(self._threads - 1) if self._threads > 1 else None

    def _checked(self, actions: Any) -> NDArray[np.int64]:
        given, count = np.asarray(actions), self._batch.actions.count
        if given.shape == (self.num_envs,) and given.dtype.kind in "iu":
            chosen = np.array(given, dtype=np.int64)  # a copy: compiled code is compiled anew for what is read-only
            if chosen.view(np.uint64).max() < count:  # a negative number would be a very large one
                return chosen
        allowed = f"must be {self.num_envs} whole numbers from 0 to {count - 1}"
        raise gymnasium.error.InvalidAction(f"actions {np.array2string(given, threshold=8)}; {allowed}")

    def _advance(self, rows: Rows, actions: NDArray[np.int64], results: Results) -> int:
        """Step the environments ``rows``; return how many of their episodes ended."""
        batch = self._batch
        batch.make_room()
        memory = batch.memory
        if self._pool is None:
            ended, crowd, started = step_all(memory, rows, actions, results)
            batch.remember(crowd, started)
            return ended
        told = self._each(lambda part: step_all(memory, part[0], actions, results), self._shares(rows))
        for _, crowd, started in told:
            batch.remember(crowd, started)
        return sum(ended for ended, _, _ in told)

    def _shares(self, *arrays: NDArray[np.int64]) -> list[Any]:
        """Return the arrays split among the threads."""
        if self._pool is None:
            return [arrays]
        return list(zip(*(np.array_split(array, self._threads) for array in arrays), strict=True))

    def _each(self, do: Callable[[Any], Any], parts: list[Any]) -> list[Any]:
        """Do the first part here, where nobody has to be woken for it, and the others in threads of their own."""
        if self._pool is None:
            return [do(parts[0])]
        others = [self._pool.submit(do, part) for part in parts[1:]]
        try:
            first = do(parts[0])
        finally:
            wait(others)
        return [first, *(other.result() for other in others)]

    def _start_over(self, results: Results, rows: Rows) -> tuple[dict[str, Any], Any, tuple[Any, Any]]:
        """Start the next episode where one ended; what was true at the end moves to ``final_obs`` and ``_info``."""
        final = self._infos.final(results, self._batch.terms, self._seeds, self._batch.episodes.observation, rows)
        final["final_info"] |= self._standard(rows) | self._randomized.infos(rows)
        rewards, ends = results.reward.copy(), (results.terminated.copy(), results.truncated.copy())
        self._begin(rows, self._next_seeds(rows))
        self._batch.tell(rows, results)
        results.terms[:, rows] = 0.0
        stepped = np.ones(self.num_envs, dtype=np.bool_)
        stepped[rows] = False
        return self._infos.of_step(results, self._batch.terms, self._seeds, stepped, self._none) | final, rewards, ends

    def _standard(self, rows: Rows) -> dict[str, Any]:
        """Return the standard observation of these environments and its mask, where another one is seen."""
        if self._batch.layout.is_standard:
            return {}
        seen, mask = np.zeros_like(self._batch.episodes.standard), np.zeros(self.num_envs, dtype=np.bool_)
        seen[rows], mask[rows] = self._batch.episodes.standard[rows], True
        names = np.full(self.num_envs, None)
        for row in rows.tolist():
            names[row] = self._batch.layout.names
        told = {STANDARD.name: seen, SEEN_FIELDS.name: names}
        return told | {f"_{name}": mask.copy() for name in told}

    def _begin(self, rows: Rows, seeds: NDArray[np.int64]) -> None:
        self._seeds[rows] = seeds
        self._randomized.begin(rows, seeds)
        self._draw(rows, seeds)
        self._batch.begin(rows)
        self._done[rows] = False
        if len(self._over):
            self._over = np.flatnonzero(self._done)

    def _draw(self, rows: Rows, seeds: NDArray[np.int64]) -> None:
        """Draw the episodes of the seeds into their rows, by all threads once the first has made room."""
        draw, first = self._batch.draw, self._streams[0]
        if self._ahead is not None:
            self._ahead.draw(self.workload, rows, seeds)
            return
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

    def _upcoming(self, rows: Rows) -> NDArray[np.int64]:
        """Return the seeds that ``_next_seeds`` would return; it still will."""
        if self._task_seed is not None:
            return np.full(len(rows), self._task_seed)
        return level_of(self.config.environment, self._episode_seeds.upcoming(rows))

    def _next_seeds(self, rows: Rows) -> NDArray[np.int64]:
        if self._task_seed is not None:
            return np.full(len(rows), self._task_seed)
        return level_of(self.config.environment, self._episode_seeds.next(rows))
