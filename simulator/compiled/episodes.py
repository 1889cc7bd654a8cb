"""Many episodes in place for the compiled kernel: their tasks and delays, with room that grows when needed."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.config.distributions import Constant, Distribution
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.observation import observation_space
from autoscaling_env.randomization import Randomization
from autoscaling_env.rng import STARTUP_BLOCK as BLOCK
from autoscaling_env.schema import FACTS
from autoscaling_env.types import BoolArray, FloatArray, TaskBatch
from autoscaling_env.workload import (
    DrawnRows,
    StreamsByName,
    Workload,
    draw_episode,
    draws_rows,
    of_episode,
    phase_order,
)
from simulator.compiled import environment as kernel_env
from simulator.compiled import kernel
from simulator.compiled.environment import FACT, Episodes, Rules
from simulator.compiled.first_use import announce
from simulator.compiled.pacing import pace
from simulator.compiled.placing import place_rows
from simulator.compiled.streams import Streams

Rows: TypeAlias = NDArray[np.int64]

#: Episodes drawn together: enough that threads hold the interpreter's lock for a small share of the time.
TOGETHER = 64
#: Room for workers that leave and still hold a task, at first.
SPARE_WORKERS = 32


class EpisodeBatch:
    """The arrays of ``size`` episodes, and the rules they are played by.

    Args:
        config: read for ``farm``, ``environment`` and ``randomize``.
        mean_service_s: what a window without a finished task reads.
        size: number of episodes.
    """

    def __init__(self, config: Config, mean_service_s: float, size: int) -> None:
        announce(kernel_env.step_all)
        farm, environment = config.farm, config.environment
        self._streams = Streams()
        self.config = config
        self._randomization = Randomization(config, only="farm.")
        self.rules = Rules(
            environment.step_duration_s,
            environment.observation_window_s,
            mean_service_s,
            farm.collect_s,
            farm.min_workers,
            farm.max_workers,
            environment.max_steps,
        )
        self.actions = Actions.of(config)
        reach = math.ceil(environment.observation_window_s / environment.step_duration_s) + 3
        # A power of two: places are taken in turn, and a mask costs less than a division.
        self._history = 1 << (min(reach, environment.max_steps + 2) - 1).bit_length()
        self._rise = max(0, *(self.actions.deltas or (farm.max_workers - farm.min_workers,)))
        self._size, self._seeds = size, np.zeros(size, dtype=np.int64)
        self._tasks, self._segments = np.zeros((2, size), dtype=np.int64)
        self.episodes = self._allocated(tasks=0, segments=1)

    def draw(self, workload: Workload, rows: Rows, seeds: NDArray[np.int64], streams: Streams) -> None:
        """Put the episode of each seed into its row, to be begun; as ``workload.draw_episode`` draws it."""
        environment = self.config.environment
        if not draws_rows(workload):
            for row, seed in zip(rows[:, None], seeds.tolist(), strict=True):
                self._draw_one(workload, row, seed, streams)
            return
        if workload.most_tasks > self.episodes.deadline_s.shape[1]:
            self._grow(workload.most_tasks, segments=1)
        if not len(rows):  # a thread without a share
            return
        own_order = environment.phase_shuffle and environment.phase_shuffle_seed is None
        together = 1 if own_order else math.ceil(len(rows) / max(round(len(rows) / TOGETHER), 1))
        for first in range(0, len(rows), together):
            some, their_seeds = rows[first : first + together], seeds[first : first + together]
            order = int(their_seeds[0]) if own_order else environment.phase_shuffle_seed
            of_seeds = streams.of(their_seeds)
            drawn = workload.draw_from(of_seeds, order if environment.phase_shuffle else None, pace)
            self._place(some, drawn, of_seeds, their_seeds, streams)
        self._seeds[rows] = seeds

    def _draw_one(self, workload: Workload, row: Rows, seed: int, streams: Streams) -> None:
        """Draw an episode as its own workload draws it, compiled where that can be."""
        environment = self.config.environment
        own = of_episode(workload, seed)
        if not draws_rows(own):
            self.load(row, draw_episode(own, environment, seed))
            return
        seeds = np.array([seed])
        of_seed = streams.of(seeds)
        drawn = own.draw_from(of_seed, phase_order(environment, seed), pace)
        self._place(row, drawn, of_seed, seeds, streams)
        self._seeds[row] = seed

    def load(self, rows: Rows, batch: TaskBatch) -> None:
        """Put the episode of ``batch`` into every one of ``rows``, to be begun."""
        drawn = DrawnRows(batch.arrival_s, batch.service_s, batch.deadline_s, batch.segment_start_s)
        seeds = np.full(len(rows), batch.seed)
        self._place(rows, drawn, partial(self._streams.get, batch.seed), seeds, self._streams)
        self._seeds[rows] = batch.seed

    def _place(
        self, rows: Rows, drawn: DrawnRows, of_seeds: StreamsByName, seeds: NDArray[np.int64], streams: Streams
    ) -> None:
        """Write tasks and delays; all have one row, or one for each of ``rows``."""
        arrival_s, service_s, deadline_s, segment_start_s, tasks = drawn
        size, segments = arrival_s.shape[-1], segment_start_s.shape[-1]
        if size > self.episodes.deadline_s.shape[1] or segments >= self.episodes.segment_s.shape[1]:
            self._grow(size, segments)
        episodes, farms = self.episodes, self.episodes.farms
        place_rows(farms.arrival_s, rows, arrival_s)
        if self._randomization:
            own_s = np.broadcast_to(service_s, (len(rows), size))
            for row, seed, its_own_s in zip(rows[:, None], seeds.tolist(), own_s, strict=True):
                self._place_delays(row, its_own_s, self._randomization.farm(seed), partial(streams.get, seed))
        else:
            self._place_delays(rows, service_s, self.config.farm, of_seeds)
        place_rows(episodes.deadline_s, rows, deadline_s)
        episodes.segment_s[rows, segments:] = np.inf
        episodes.segment_s[rows, :segments] = segment_start_s
        self._tasks[rows], self._segments[rows] = size if tasks is None else tasks, segments

    def _place_delays(self, rows: Rows, service_s: FloatArray, farm: FarmConfig, streams: StreamsByName) -> None:
        farms = self.episodes.farms
        place_rows(farms.work_s, rows, _with_overhead(service_s, farm.service_overhead, streams))
        place_rows(farms.pickup_s, rows, _drawn(farm.pickup, streams, "pickup", service_s.shape[-1]))
        place_rows(farms.startup_s, rows, startups(farm.startup, streams, farms.startup_s.shape[1]))

    def begin(self, rows: NDArray[np.int64], workers: int | None = None) -> None:
        """Start the episodes loaded into ``rows``, and observe them; with so many workers, else as configured."""
        if workers is None and "farm.initial_workers" in self._randomization.keys:
            for row, seed in zip(rows[:, None], self._seeds[rows].tolist(), strict=True):
                self.begin(row, self._randomization.farm(seed).initial_workers)
            return
        workers = self.config.farm.initial_workers if workers is None else workers
        kernel_env.begin_all(self.episodes, self.rules, rows, self._tasks, self._segments, workers)

    def step(self, rows: NDArray[np.int64], actions: NDArray[np.int64]) -> None:
        """Step the episodes ``rows`` by their actions, one each."""
        self.make_room()
        kernel_env.step_all(self.episodes, self.rules, rows, self.changes(rows, actions))

    def changes(self, rows: Rows, actions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the change that each of ``rows`` asks for by its action."""
        requested = self.episodes.facts[rows, FACT.requested_workers]
        changes: NDArray[np.int64] = self.actions.wanted(actions, requested) - requested
        return changes

    def facts(self) -> dict[str, NDArray[np.int64]]:
        """Return a copy of what the last steps brought, by name; see ``autoscaling_env.schema.FACTS``."""
        return by_name(self.table())

    def table(self) -> NDArray[np.int64]:
        """Return the same in one: int64[facts, size]."""
        return self.episodes.facts.T.copy()

    def reward_terms(
        self, facts: dict[str, NDArray[np.int64]], terminated: BoolArray, truncated: BoolArray
    ) -> dict[str, Any]:
        """Return the named terms of the last steps' rewards, float64[size] each."""
        outcome = reward.StepOutcome(
            worker_queue=facts["worker_queue"],
            qos_rate=self.episodes.window["qos"],
            workers=facts["requested_workers"],
            applied_delta=facts["applied_delta"],
            missed=facts["missed_in_step"],
            step_s=self.config.environment.step_duration_s,
            terminated=terminated,
            truncated=truncated,
        )
        return reward.terms(outcome, self.config.reward)

    def make_room(self, more: int = 0) -> None:
        """See that the next step finds room for the workers it may start, and for so many more."""
        facts, farms = self.episodes.facts, self.episodes.farms
        crowd = int((facts[:, FACT.requested_workers] + facts[:, FACT.workers_draining]).max()) + self._rise + more
        if crowd > farms.starting_s.shape[1]:
            farms = kernel.with_room(farms, 2 * crowd)
        started = int(facts[:, FACT.workers_started].max()) + self._rise + more
        if started > farms.startup_s.shape[1]:
            count = 2 * BLOCK * -(-started // BLOCK)
            farms = farms._replace(startup_s=self._startups(count))
        self.episodes = self.episodes._replace(farms=farms)

    def _startups(self, count: int) -> FloatArray:
        """Return float64[size, count], the start-up delays of every episode."""
        if self._randomization:
            farms = [(seed, self._randomization.farm(seed).startup) for seed in self._seeds.tolist()]
            return np.stack([startups(each, partial(self._streams.get, seed), count) for seed, each in farms])
        drawn = startups(self.config.farm.startup, self._streams.of(self._seeds), count)
        return np.tile(drawn, (self._size, 1)) if drawn.ndim == 1 else drawn  # one for all is of a constant

    def _allocated(self, tasks: int, segments: int) -> Episodes:
        farm = self.config.farm
        farms = kernel.allocate(self._size, tasks, farm.max_workers + SPARE_WORKERS, BLOCK, record=False)
        high = observation_space(farm.max_workers).high
        return kernel_env.allocate(farms, segments, self._history, high)

    def _grow(self, tasks: int, segments: int) -> None:
        """Make room for longer episodes; those being played go on."""
        old = self.episodes
        tasks = max(tasks, old.deadline_s.shape[1])
        new = self._allocated(tasks, max(segments, old.segment_s.shape[1] - 1))
        farms = {name: _into(getattr(old.farms, name), getattr(new.farms, name)) for name in old.farms._fields}
        kept = {name: _into(getattr(old, name), getattr(new, name)) for name in old._fields if name != "farms"}
        self.episodes = Episodes(farms=new.farms._replace(**farms), **kept)


def by_name(table: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return the rows of int64[facts, ...] by their names."""
    return dict(zip(FACTS, table, strict=True))


def _drawn(distribution: Distribution, streams: StreamsByName, name: str, size: int) -> FloatArray | float:
    """As ``simulator.delays`` draws them."""
    return distribution.value_s if isinstance(distribution, Constant) else distribution.sample(streams(name), size)


def _with_overhead(service_s: FloatArray, overhead: Distribution, streams: StreamsByName) -> FloatArray:
    """Return how long a worker is busy with each task."""
    if isinstance(overhead, Constant) and overhead.value_s == 0.0:
        return service_s
    return service_s + _drawn(overhead, streams, "overhead", service_s.shape[-1])


def startups(startup: Distribution, streams: StreamsByName, count: int) -> FloatArray:
    """Return float64[..., count], a multiple of ``BLOCK``, as ``simulator.delays`` draws them."""
    if isinstance(startup, Constant):
        return np.full(count, startup.value_s)
    rng = streams("startup")
    return np.concatenate([startup.sample(rng, BLOCK) for _ in range(count // BLOCK)], axis=-1)


def _into(old: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """Return the larger of two arrays with the old one's entries at its start."""
    if old.shape[1:] > new.shape[1:]:
        return old
    new[tuple(map(slice, old.shape))] = old
    return new
