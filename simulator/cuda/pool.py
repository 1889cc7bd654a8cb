"""Which levels a device's environments play, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.environment import EnvironmentConfig
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.rng import draw_seeds
from autoscaling_env.settings import whole_number
from autoscaling_env.workload import level_of
from simulator.seeds import AHEAD, EpisodeSeeds

#: As ``reset`` takes it.
Seed = int | Sequence[int | None] | None


class Choice:
    """Chooses levels.

    Args:
        environment: read for ``levels``.
        rows: number of environments.
        pool: how many levels to draw where the configuration has none.
        task_seed: plays the same tasks in every episode.
        exact: play what the CPU's environment would.
    """

    def __init__(
        self, environment: EnvironmentConfig, rows: int, pool: int, task_seed: int | None, *, exact: bool
    ) -> None:
        self._environment, self._rows, self._pool, self._task_seed = environment, rows, pool, task_seed
        self._seeds = EpisodeSeeds(rows) if exact else None

    def of(self, seed: Seed, known: list[int], named: Any) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the seeds of the levels, and int32[rows, a]: which each row plays; a = 0: the device chooses.

        Args:
            seed: as ``reset`` was given it.
            known: ``seeds_of`` it.
            named: ``episode_seeds``, or None.
        """
        if named is not None:
            levels = np.array([whole_number("episode_seeds", each) for each in named])
            return levels, (np.arange(self._rows)[:, None] % len(levels)).astype(np.int32)
        if self._seeds is not None:
            return self._as_on_the_cpu(self._seeds, seed)
        return self._any(known), np.zeros((self._rows, 0), dtype=np.int32)

    def _any(self, known: list[int]) -> NDArray[np.int64]:
        if self._task_seed is not None:
            return np.array([self._task_seed])
        levels = self._environment.levels
        if levels is not None and levels <= self._pool:
            return self._environment.first_level + np.arange(levels)
        return level_of(self._environment, draw_seeds(np.random.default_rng(known or None), self._pool))

    def _as_on_the_cpu(self, seeds: EpisodeSeeds, seed: Seed) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        every: list[int | None] = [None] * self._rows
        if isinstance(seed, int | np.integer):
            every = [int(seed) + row for row in range(self._rows)]
        elif seed is not None:
            every = list(seed)
        for row, each in enumerate(every):
            seeds.seed(row, each)
        drawn = np.stack([seeds.next(np.arange(self._rows)) for _ in range(AHEAD)], axis=1)
        played = level_of(self._environment, drawn)
        if self._task_seed is not None:
            played = np.full_like(drawn, self._task_seed)
        levels, schedule = np.unique(played, return_inverse=True)
        return levels, schedule.reshape(drawn.shape).astype(np.int32)


def seeds_of(seed: Seed) -> list[int]:
    """Return the seeds that were given.

    Raises:
        InputError: one that is none.
    """
    given = [] if seed is None else [seed] if isinstance(seed, int | np.integer) else list(seed)
    return [whole_number("seed", each) for each in given if each is not None]


def drawn_there(draw: str, *, fresh: bool, exact: bool) -> bool:
    """Return whether episodes are drawn on the device.

    Raises:
        InputError: a way of drawing that there is not, or that cannot go with the rest.
    """
    if draw not in {"host", "device"}:
        raise InputError(unknown_name("draw", draw, ("host", "device")))
    if exact and draw == "device":
        raise InputError("exact: the CPU's episodes are drawn on this machine; leave draw='device' out")
    if fresh and draw == "host":
        raise InputError("pool None: a device draws every episode anew only with draw='device'; give a number")
    return draw == "device"
