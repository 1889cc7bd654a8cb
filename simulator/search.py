"""Looking for the best decisions with the future known: static counts, given sequences, and a beam search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.rng import stream
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import BoolArray, FloatArray, TaskBatch
from autoscaling_env.workload import Workload, draw_episode
from simulator.compiled import playing
from simulator.compiled.episodes import EpisodeBatch

ActionArray: TypeAlias = NDArray[np.int64]
#: Rounds of changing the best sequence at random, and how many variants each of them tries.
ROUNDS, VARIANTS = 60, 256
#: Tasks played in those rounds together, about; long episodes get fewer rounds, but not fewer than the second number.
WORK, FEWEST_ROUNDS = 20_000_000, 4

#: Columns of the facts that outcomes keep, in the order of their attributes.
SEEN = ("requested_workers", "worker_queue", "missed_in_step", "processed_in_step")


@dataclass(frozen=True, slots=True)
class SequenceOutcomes:
    """What k sequences of at most t actions came to.

    Attributes:
        total_reward: float64[k].
        steps: int64[k], until the episode ended.
        actions: int64[k, t], actions of the environment.
        workers, worker_queue, missed, collected: int64[k, t], after each step; 0 from the end on.
    """

    total_reward: FloatArray
    steps: NDArray[np.int64]
    actions: ActionArray
    workers: NDArray[np.int64]
    worker_queue: NDArray[np.int64]
    missed: NDArray[np.int64]
    collected: NDArray[np.int64]


def play_sequences(config: Config, batch: TaskBatch, mean_service_s: float, actions: ActionArray) -> SequenceOutcomes:
    """Play every row of ``actions`` (int64[k, t]; the last action goes on) on the same tasks, with the exact reward."""
    return _play(EpisodeBatch(config, mean_service_s, len(actions)), batch, _from(actions))


def play_static(config: Config, batch: TaskBatch, mean_service_s: float, counts: NDArray[np.int64]) -> SequenceOutcomes:
    """Go to each of ``counts`` as fast as the actions allow, and stay there."""
    many = EpisodeBatch(config, mean_service_s, len(counts))
    return _play(many, batch, lambda _, workers: many.actions.nearest_of(counts, workers))


def best_static(config: Config, workload: Workload, seeds: Iterable[int]) -> tuple[int, FloatArray]:
    """Return the worker count with the highest return over the episodes ``seeds``, and the mean reward of every count.

    Entry i of float64[max_workers - min_workers + 1] is the mean total reward of ``min_workers + i``. Of equals
    the smaller count wins.
    """
    counts = np.arange(config.farm.min_workers, config.farm.max_workers + 1)
    batches = [draw_episode(workload, config.environment, seed) for seed in seeds]
    totals = [play_static(config, batch, workload.mean_service_s, counts).total_reward for batch in batches]
    mean = np.mean(totals, axis=0)
    return int(counts[np.argmax(mean)]), mean


def hindsight(
    config: Config,
    batch: TaskBatch,
    mean_service_s: float,
    *,
    beam_width: int = 64,
    seed: int = 0,
    starts: Sequence[Sequence[int]] = (),
) -> tuple[ActionArray, float]:
    """Return the best sequence of actions found for ``batch``, and its return. Best found, not proven.

    A beam search over copied farms, in which branches that look alike (workers by state, backlog) compete; all
    static counts and the sequences ``starts``; then random changes to the best of them all (stream ``search``).
    """
    counts = np.arange(config.farm.min_workers, config.farm.max_workers + 1)
    static = play_static(config, batch, mean_service_s, counts)
    found = [_beam(config, batch, mean_service_s, beam_width), static.actions[np.argmax(static.total_reward)]]
    found += [np.asarray(start, dtype=np.int64) for start in starts if len(start)]
    if not Actions.of(config).deltas:
        found.append(_beam_of_changes(config, batch, mean_service_s, beam_width))
    found = [one for one in found if len(one)]
    outcomes = play_sequences(config, batch, mean_service_s, _equally_long(found))
    return _improved(config, batch, mean_service_s, outcomes, seed)


def _from(actions: ActionArray) -> Callable[[int, ActionArray], ActionArray]:
    return lambda step, _: actions[:, min(step, actions.shape[1] - 1)]


def _play(many: EpisodeBatch, batch: TaskBatch, choose: Callable[[int, ActionArray], ActionArray]) -> SequenceOutcomes:
    size, steps = len(many.episodes.facts), many.rules.max_steps
    rows = np.arange(size)
    many.load(rows, batch)
    many.begin(rows)
    total, length = np.zeros(size), np.zeros(size, dtype=np.int64)
    seen: list[NDArray[np.int64]] = []
    facts = many.facts()
    for step in range(steps):
        chosen = np.zeros(size, dtype=np.int64)
        chosen[rows] = choose(step, facts["requested_workers"])[rows]
        many.step(rows, chosen[rows])
        facts = many.facts()
        total[rows] += many.results.reward[rows]
        length[rows] += 1
        of_step = np.zeros((1 + len(SEEN), size), dtype=np.int64)
        of_step[:, rows] = np.array([chosen, *(facts[name] for name in SEEN)])[:, rows]
        seen.append(of_step)
        rows = rows[(facts["terminated"] | facts["truncated"])[rows] == 0]
        if not len(rows):
            break
    return SequenceOutcomes(total, length, *np.stack(seen, axis=2))


class _Beam:
    """Branches of one episode: the first ``width`` rows are kept, the others are their children."""

    def __init__(self, config: Config, batch: TaskBatch, mean_service_s: float, width: int) -> None:
        self.steps = _steps(Actions.of(config))
        self.choices = len(self.steps)
        self.many = EpisodeBatch(config, mean_service_s, width * (1 + self.choices))
        self.many.load(np.arange(width * (1 + self.choices)), batch)
        self.many.begin(np.arange(1))
        self.width, self.kept = width, 1
        self.total = np.zeros(1)
        self.taken = np.zeros((1, 0), dtype=np.int64)
        self.best: tuple[float, ActionArray] = (-np.inf, np.zeros(0, dtype=np.int64))

    def grow(self) -> None:
        """Replace the kept branches by the best of their children."""
        parents = np.repeat(np.arange(self.kept), self.choices)
        actions = self._actions(parents)
        children = self.width + np.arange(len(parents))
        playing.copy(self.many.episodes, parents, children)
        self.many.step(children, actions)
        facts = self.many.facts()
        total = self.total[parents] + self.many.results.reward[children]
        taken = np.column_stack((self.taken[parents], actions))
        over = (facts["terminated"] | facts["truncated"])[children] != 0
        self._remember(total, taken, over)
        kept = _diverse({key: value[children] for key, value in facts.items()}, total, over, self.width)
        playing.copy(self.many.episodes, children[kept], np.arange(len(kept)))
        self.kept, self.total, self.taken = len(kept), total[kept], taken[kept]

    def _actions(self, parents: NDArray[np.int64]) -> ActionArray:
        """Return what each child does: every action, or where actions are targets a step up or down from its count."""
        space = self.many.actions
        if space.deltas:
            return np.tile(self.steps, self.kept)
        requested = self.many.facts()["requested_workers"][parents]
        return space.nearest_of(requested + np.tile(self.steps, self.kept), requested)

    def _remember(self, total: FloatArray, taken: ActionArray, over: BoolArray) -> None:
        if over.any():
            first = np.flatnonzero(over)[np.argmax(total[over])]
            if total[first] > self.best[0]:
                self.best = float(total[first]), taken[first]


def _steps(space: Actions) -> NDArray[np.int64]:
    """Return what a branch tries: every action, or where there is one for every count the changes 0, +-1, +-2, +-4, ...

    All counts at every step would be a thousand children a branch on a large farm; doubling steps reach any count in
    a few, and the random changes that follow are free to jump.
    """
    if space.deltas:
        return np.arange(len(space.deltas))
    reach = space.max_workers - space.min_workers
    up = [1 << power for power in range(max(reach, 1).bit_length())]
    return np.array([0, *up, *(-step for step in up)], dtype=np.int64)


def _beam_of_changes(config: Config, batch: TaskBatch, mean_service_s: float, width: int) -> ActionArray:
    """Return the targets of the best sequence of changes by ``action_deltas``: targets can do what changes can."""
    by_changes = with_overrides(config, {"environment.action": "delta"})
    changes = _beam(by_changes, batch, mean_service_s, width)
    outcomes = play_sequences(by_changes, batch, mean_service_s, changes[None])
    targets: ActionArray = outcomes.workers[0] - config.farm.min_workers
    return targets


def _beam(config: Config, batch: TaskBatch, mean_service_s: float, width: int) -> ActionArray:
    beam = _Beam(config, batch, mean_service_s, width)
    while beam.kept:
        beam.grow()
    return beam.best[1]


def _diverse(facts: dict[str, NDArray[np.int64]], total: FloatArray, over: BoolArray, width: int) -> NDArray[np.int64]:
    """Return at most ``width`` indices: the best of each group of branches that look alike, best groups first."""
    order = np.argsort(-total, kind="stable")
    order = order[~over[order]]
    names = ("requested_workers", "workers_starting", "workers_draining")
    alike = np.column_stack([*(facts[name][order] for name in names), facts["worker_queue"][order] // 2])
    _, first = np.unique(alike, axis=0, return_index=True)
    return order[np.sort(first)[:width]]


def _equally_long(sequences: Sequence[ActionArray]) -> ActionArray:
    longest = max(map(len, sequences))
    return np.array([np.pad(one, (0, longest - len(one)), mode="edge") for one in sequences])


def _improved(
    config: Config, batch: TaskBatch, mean_service_s: float, outcomes: SequenceOutcomes, seed: int
) -> tuple[ActionArray, float]:
    """Change the best sequence in a few random places, again and again; keep what returns more."""
    rng = stream(seed, "search")
    many = EpisodeBatch(config, mean_service_s, VARIANTS)
    first = int(np.argmax(outcomes.total_reward))
    best, highest, steps = outcomes.actions[first], float(outcomes.total_reward[first]), int(outcomes.steps[first])
    rounds = min(ROUNDS, max(FEWEST_ROUNDS, WORK // (VARIANTS * max(1, len(batch)))))
    for _ in range(rounds):
        variants = _variants(best, many.actions, rng)
        tried = _play(many, batch, _from(variants))
        winner = int(np.argmax(tried.total_reward))
        if tried.total_reward[winner] > highest:
            best, highest = variants[winner], float(tried.total_reward[winner])
            steps = int(tried.steps[winner])
    return best[:steps], highest


def _variants(best: ActionArray, space: Actions, rng: np.random.Generator) -> ActionArray:
    """Return int64[VARIANTS, t]: one to three actions redrawn, in half of them two neighbours swapped as well."""
    variants = np.tile(best, (VARIANTS, 1))
    rows = np.arange(VARIANTS)
    for many in (1, 2, 3):
        some = rows[rows % 3 < many]
        drawn = rng.integers(space.count, size=len(some))
        places = rng.integers(len(best), size=len(some))
        if not space.deltas:  # half of the targets move only a little
            near = variants[some, places] + rng.integers(-3, 4, size=len(some))
            drawn = np.where(some % 2, drawn, np.clip(near, 0, space.count - 1))
        variants[some, places] = drawn
    if len(best) > 1:
        one, two = rng.integers(len(best), size=(2, VARIANTS // 2))
        half = rows[: VARIANTS // 2]
        variants[half, one], variants[half, two] = variants[half, two], variants[half, one]
    return variants
