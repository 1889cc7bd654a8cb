"""Many episodes in place for the compiled kernel: their tasks and delays, with room that grows when needed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.config.distributions import Constant, Distribution
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.objective import ENDS, Objective, RewardFunction
from autoscaling_env.observation import Layout, standard_high
from autoscaling_env.randomization import Randomization
from autoscaling_env.reward import Prices, total
from autoscaling_env.rng import STARTUP_BLOCK as BLOCK
from autoscaling_env.schema import FACTS, NUMBERS, SAME
from autoscaling_env.types import FloatArray, TaskBatch
from autoscaling_env.workload import (
    DrawnRows,
    DrawsRows,
    StreamsByName,
    Workload,
    draw_episode,
    draws_rows,
    of_episode,
    phase_order,
)
from simulator.compiled import kernel, playing
from simulator.compiled.kept import Kept
from simulator.compiled.names import VALUES
from simulator.compiled.pacing import pace
from simulator.compiled.placing import place_rows
from simulator.compiled.playing import PLAY, Memory, Play, Results
from simulator.compiled.rewarding import COMPUTED, NOTHING
from simulator.compiled.state import Episodes, Rules, View, allocate
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
        record: keep when each task was started (``Farms.started_s``).
        function: the reward function, where it is at hand.
    """

    def __init__(
        self,
        config: Config,
        mean_service_s: float,
        size: int,
        *,
        record: bool = False,
        function: RewardFunction | None = None,
    ) -> None:
        farm, environment = config.farm, config.environment
        self._streams, self._record = Streams(), record
        self.config, self.actions = config, Actions.of(config)
        self.objective = Objective(config.reward, function)
        self.terms = self.objective.names or ()
        self.layout = Layout.of(config)
        self._randomization = Randomization(config, only="farm.")
        self.rules = Rules(
            float(environment.step_duration_s),
            float(environment.observation_window_s),
            float(mean_service_s),
            float(farm.collect_s),
            farm.min_workers,
            farm.max_workers,
            environment.max_steps,
            COMPUTED.get(config.reward.objective, NOTHING),
            Prices.of(config.reward),
            np.array(self.actions.deltas, dtype=np.int64),
            *weights_of(config.reward.terms.weights),
        )
        reach = math.ceil(environment.observation_window_s / environment.step_duration_s) + 3
        # A power of two: places are taken in turn, and a mask costs less than a division.
        self._history = 1 << (min(reach, environment.max_steps + 2) - 1).bit_length()
        self.rise = max(0, *(self.actions.deltas or (farm.max_workers - farm.min_workers,)))
        self._view = view_of(self.layout)
        self.size, self._seeds = size, np.zeros(size, dtype=np.int64)
        self._tasks, self._segments = np.zeros((2, size), dtype=np.int64)
        self._crowd, self._started = farm.initial_workers, 0  # the most there ever were, in any episode
        self.episodes = self._allocated(tasks=0, segments=1)
        self.results = self.room()
        self._kept: Kept | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy is made from: its arrays lie elsewhere."""
        return {**self.__dict__, "_kept": None}

    @property
    def memory(self) -> Memory:
        """Where compiled code finds episodes and rules as they are now."""
        if self._kept is None or self._kept.value.episodes is not self.episodes:
            self._kept = Kept(Play(self.episodes, self.rules), PLAY)
        return self._kept.memory

    def room(self) -> Results:
        """Return columns for what comes of a step."""
        return playing.room(self.size, len(self.terms))

    def draw(self, workload: Workload, rows: Rows, seeds: NDArray[np.int64], streams: Streams) -> None:
        """Put the episode of each seed into its row, to be begun; as ``workload.draw_episode`` draws it."""
        environment = self.config.environment
        if not draws_rows(workload):
            for row, seed in zip(rows[:, None], seeds.tolist(), strict=True):
                self.draw_one(workload, row, seed, streams)
            return
        if workload.most_tasks > self.episodes.deadline_s.shape[1]:
            self._grow(workload.most_tasks, segments=1)
        if not len(rows):  # a thread without a share
            return
        own_order = environment.phase_shuffle and environment.phase_shuffle_seed is None
        together = 1 if own_order else math.ceil(len(rows) / max(round(len(rows) / TOGETHER), 1))
        for first in range(0, len(rows), together):
            self._draw(workload, rows[first : first + together], seeds[first : first + together], streams)

    def draw_one(self, workload: Workload, row: Rows, seed: int, streams: Streams) -> TaskBatch:
        """Put an episode into a row; return it, as ``workload.draw_episode`` draws it, compiled where that can be."""
        own = of_episode(workload, seed)
        if not draws_rows(own):
            batch = draw_episode(own, self.config.environment, seed)
            self.load(row, batch)
            return batch
        drawn = self._draw(own, row, np.array([seed]), streams)
        arrival_s, service_s, deadline_s, segment_start_s, tasks = drawn
        size = arrival_s.shape[-1] if tasks is None else int(tasks[0])
        start_s = np.atleast_2d(segment_start_s)[0]
        came_s, work_s, due_s = (np.atleast_2d(values)[0, :size] for values in (arrival_s, service_s, deadline_s))
        return TaskBatch(came_s, work_s, due_s, start_s, seed)

    def _draw(self, workload: DrawsRows, rows: Rows, seeds: NDArray[np.int64], streams: Streams) -> DrawnRows:
        """Draw episodes whose phases have one order."""
        of_seeds = streams.of(seeds)
        drawn = workload.draw_from(of_seeds, phase_order(self.config.environment, int(seeds[0])), pace)
        self._place(rows, drawn, of_seeds, seeds, streams)
        self._seeds[rows] = seeds
        return drawn

    def like(self) -> EpisodeBatch:
        """Return room for as many episodes of the same kind, with start-up times for as many workers."""
        function = self.objective.function
        other = EpisodeBatch(self.config, self.rules.mean_service_s, self.size, function=function)
        startup_s = np.zeros_like(self.episodes.farms.startup_s)
        other.episodes = other.episodes._replace(farms=other.episodes.farms._replace(startup_s=startup_s))
        return other

    def fits(self, other: EpisodeBatch) -> bool:
        """Whether episodes drawn here have the start-up times that are needed there."""
        return self.episodes.farms.startup_s.shape == other.episodes.farms.startup_s.shape

    def fit(self, other: EpisodeBatch) -> None:
        """Make room for the episodes drawn there."""
        tasks, segments = other.episodes.deadline_s.shape[1], other.episodes.segment_s.shape[1] - 1
        if tasks > self.episodes.deadline_s.shape[1] or segments >= self.episodes.segment_s.shape[1]:
            self._grow(tasks, segments)

    def take(self, other: EpisodeBatch, rows: Rows) -> None:
        """Take over which episodes the rows are, whose tasks and delays are in place."""
        self._tasks[rows], self._segments[rows] = other._tasks[rows], other._segments[rows]
        self._seeds[rows] = other._seeds[rows]

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

    def begin(self, rows: Rows, workers: int | None = None) -> None:
        """Start the episodes loaded into ``rows``, and observe them; with so many workers, else as configured."""
        if workers is None and "farm.initial_workers" in self._randomization.keys:
            for row, seed in zip(rows[:, None], self._seeds[rows].tolist(), strict=True):
                self.begin(row, self._randomization.farm(seed).initial_workers)
            return
        workers = self.config.farm.initial_workers if workers is None else workers
        self._crowd = max(self._crowd, workers)
        playing.begin_all(self.memory, rows, self._tasks, self._segments, workers)

    def tell(self, rows: Rows, results: Results) -> None:
        """Write to the columns ``rows`` what was true after the last step or reset."""
        playing.tell_all(self.memory, rows, results)

    def step(self, rows: Rows, actions: NDArray[np.int64]) -> None:
        """Step the episodes ``rows`` by their actions, one each; ``results`` tells what came of it."""
        of_all = np.zeros(self.size, dtype=np.int64)
        of_all[rows] = actions
        self.make_room()
        _, *most = playing.step_all(self.memory, rows, of_all, self.results)
        self.remember(*most)
        self.results = self.judged(self.results, rows)

    def judged(self, results: Results, rows: Rows) -> Results:
        """Return the results of ``rows`` with the terms and rewards that a function says, where one does."""
        if self.objective.function is None:
            return results
        facts, reals = self.episodes.facts[rows].T, self.episodes.reals[rows].T
        named = self.objective.terms(None, numbers_of([*facts, *reals]))
        self.terms = tuple(named)
        terms, reward = np.zeros((len(named), self.size)), np.zeros(self.size)
        terms[:, rows] = [*named.values()]
        reward[rows] = total(named)
        return results._replace(terms=terms, reward=reward)

    def counts_of(self) -> tuple[Rows, Rows, Rows]:
        """Return int64[size] each: tasks and segments of every episode drawn, and the workers it begins with."""
        workers = np.full(self.size, self.config.farm.initial_workers)
        if "farm.initial_workers" in self._randomization.keys:
            workers[:] = [self._randomization.farm(seed).initial_workers for seed in self._seeds.tolist()]
        return self._tasks.copy(), self._segments.copy(), workers

    def startups(self, count: int) -> FloatArray:
        """Return float64[size, >= count], the first start-up delays of every episode drawn."""
        return self._startups(BLOCK * -(-count // BLOCK))

    def facts(self) -> dict[str, NDArray[np.int64]]:
        """Return a copy of what the last steps brought, by name; see ``autoscaling_env.schema.FACTS``."""
        return by_name(self.episodes.facts.T.copy())

    def remember(self, crowd: int, started: int) -> None:
        """Take note of the most workers that were there, leaving ones too, and of the most started, in one episode."""
        self._crowd, self._started = max(self._crowd, crowd), max(self._started, started)

    def make_room(self) -> None:
        """See that the next step finds room for the workers it may start."""
        farms = self.episodes.farms
        crowd, started = self._crowd + self.rise, self._started + self.rise
        if crowd <= farms.starting_s.shape[1] and started <= farms.startup_s.shape[1]:
            return
        if crowd > farms.starting_s.shape[1]:
            farms = kernel.with_room(farms, 2 * crowd)
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
        return np.tile(drawn, (self.size, 1)) if drawn.ndim == 1 else drawn  # one for all is of a constant

    def _allocated(self, tasks: int, segments: int) -> Episodes:
        farm = self.config.farm
        farms = kernel.allocate(self.size, tasks, farm.max_workers + SPARE_WORKERS, BLOCK, record=self._record)
        return allocate(farms, segments, self._history, len(self.terms), self._view)

    def _grow(self, tasks: int, segments: int) -> None:
        """Make room for longer episodes; those being played go on."""
        old = self.episodes
        tasks = max(tasks, old.deadline_s.shape[1])
        new = self._allocated(tasks, max(segments, old.segment_s.shape[1] - 1))
        farms = {name: _into(getattr(old.farms, name), getattr(new.farms, name)) for name in old.farms._fields}
        kept = {
            name: _into(getattr(old, name), getattr(new, name)) for name in old._fields if name not in {"farms", "seen"}
        }
        self.episodes = Episodes(farms=new.farms._replace(**farms), seen=old.seen, **kept)


def weights_of(weights: Mapping[str, float]) -> tuple[NDArray[np.int64], FloatArray]:
    """Return which numbers of a step are weighed, and how much, as compiled code has it."""
    weighed = np.array([VALUES.index(SAME.get(name, name)) for name in weights], dtype=np.int64)
    return weighed, np.array([*weights.values()], dtype=np.float64)


def numbers_of(values: Sequence[Any]) -> dict[str, Any]:
    """Return ``VALUES`` by their names, as ``autoscaling_env.objective.Numbers``."""
    named = dict(zip(VALUES, values, strict=True))
    ends = {name: named[name] != 0 for name in ENDS}
    return {name: named[SAME.get(name, name)] for name in NUMBERS} | ends


def view_of(layout: Layout) -> View:
    """Return what is seen, as compiled code has it."""
    own = () if layout.is_standard else layout.entries
    source = np.array([VALUES.index(name) for name, _ in own], dtype=np.int64)
    steps = np.array([steps for _, steps in own], dtype=np.int64)
    return View(standard_high(layout.max_workers), source, steps, layout.low, layout.high)


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
