"""Looking for the best decisions with the future known: static counts, given sequences, and a beam search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env import reward
from autoscaling_env.config import Config
from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray, TaskBatch
from autoscaling_env.workload import Workload, draw_episode
from simulator.compiled import environment as kernel_env
from simulator.compiled.episodes import Fleet

Actions: TypeAlias = NDArray[np.int64]
#: Rounds of changing the best sequence at random, and how many variants each of them tries.
ROUNDS, VARIANTS = 60, 256
#: Tasks played in those rounds together, about; long episodes get fewer rounds, but not fewer than the second number.
WORK, FEWEST_ROUNDS = 20_000_000, 4


@dataclass(frozen=True, slots=True)
class Played:
    """What k sequences of at most t actions came to.

    Attributes:
        total_reward: float64[k].
        steps: int64[k], until the episode ended.
        actions: int64[k, t], indices into ``action_deltas``.
        workers, worker_queue, missed, collected: int64[k, t], after each step; 0 from the end on.
    """

    total_reward: FloatArray
    steps: NDArray[np.int64]
    actions: Actions
    workers: NDArray[np.int64]
    worker_queue: NDArray[np.int64]
    missed: NDArray[np.int64]
    collected: NDArray[np.int64]


def play_sequences(config: Config, batch: TaskBatch, mean_service_s: float, actions: Actions) -> Played:
    """Play every row of ``actions`` (int64[k, t]; the last action goes on) on the same tasks, with the exact reward."""
    return _play(Fleet(config, mean_service_s, len(actions)), batch, _from(actions))


def play_static(config: Config, batch: TaskBatch, mean_service_s: float, counts: NDArray[np.int64]) -> Played:
    """Go to each of ``counts`` as fast as the actions allow, and stay there."""
    fleet = Fleet(config, mean_service_s, len(counts))
    return _play(fleet, batch, lambda _, workers: _towards(counts - workers, fleet.deltas))


def best_static(config: Config, workload: Workload, seeds: Iterable[int]) -> tuple[int, FloatArray]:
    """Return the worker count that earns most over the episodes ``seeds``, and the mean reward of every count.

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
) -> tuple[Actions, float]:
    """Return the best sequence of actions found for ``batch``, and what it earns. Best found, not proven.

    A beam search over copied farms, in which branches that look alike (workers by state, backlog) compete; all
    static counts and the sequences ``starts``; then random changes to the best of them all (stream ``search``).
    """
    counts = np.arange(config.farm.min_workers, config.farm.max_workers + 1)
    static = play_static(config, batch, mean_service_s, counts)
    found = [_beam(config, batch, mean_service_s, beam_width), static.actions[np.argmax(static.total_reward)]]
    found += [np.asarray(start, dtype=np.int64) for start in starts if len(start)]
    found = [one for one in found if len(one)]
    played = play_sequences(config, batch, mean_service_s, _equally_long(found))
    return _improved(config, batch, mean_service_s, played, seed)


def _from(actions: Actions) -> Callable[[int, Actions], Actions]:
    return lambda step, _: actions[:, min(step, actions.shape[1] - 1)]


def _play(fleet: Fleet, batch: TaskBatch, choose: Callable[[int, Actions], Actions]) -> Played:
    size, steps = len(fleet.episodes.facts), fleet.rules.max_steps
    rows = np.arange(size)
    fleet.load(rows, batch)
    fleet.begin(rows)
    total, length = np.zeros(size), np.zeros(size, dtype=np.int64)
    seen: list[NDArray[np.int64]] = []
    facts = fleet.facts()
    for step in range(steps):
        chosen = np.zeros(size, dtype=np.int64)
        chosen[rows] = choose(step, facts["requested_workers"])[rows]
        fleet.step(rows, chosen[rows])
        facts = fleet.facts()
        total[rows] += _rewards(fleet, facts)[rows]
        length[rows] += 1
        told = [chosen, *(facts[key] for key in ("requested_workers", "worker_queue", "missed_in_step"))]
        alive = np.zeros((5, size), dtype=np.int64)
        alive[:, rows] = np.array([*told, facts["processed_in_step"]])[:, rows]
        seen.append(alive)
        rows = rows[(facts["terminated"] | facts["truncated"])[rows] == 0]
        if not len(rows):
            break
    return Played(total, length, *np.stack(seen, axis=2))


def _rewards(fleet: Fleet, facts: dict[str, NDArray[np.int64]]) -> FloatArray:
    named = fleet.reward_terms(facts, facts["terminated"].astype(bool), facts["truncated"].astype(bool))
    total: FloatArray = reward.total(named)
    return total


def _towards(wanted: NDArray[np.int64], deltas: NDArray[np.int64]) -> Actions:
    """Return the action whose change is nearest to the wanted one; of two the smaller change."""
    distance = np.abs(deltas[None, :] - wanted[:, None]) * (2 * np.abs(deltas).max() + 1) + np.abs(deltas)[None, :]
    nearest: Actions = np.argmin(distance, axis=1)
    return nearest


class _Beam:
    """Branches of one episode: the first ``width`` rows are kept, the others are their children."""

    def __init__(self, config: Config, batch: TaskBatch, mean_service_s: float, width: int) -> None:
        self.choices = len(config.environment.action_deltas)
        self.fleet = Fleet(config, mean_service_s, width * (1 + self.choices))
        self.fleet.load(np.arange(width * (1 + self.choices)), batch)
        self.fleet.begin(np.arange(1))
        self.width, self.kept = width, 1
        self.total = np.zeros(1)
        self.taken = np.zeros((1, 0), dtype=np.int64)
        self.best: tuple[float, Actions] = (-np.inf, np.zeros(0, dtype=np.int64))

    def grow(self) -> None:
        """Replace the kept branches by the best of their children."""
        parents = np.repeat(np.arange(self.kept), self.choices)
        actions = np.tile(np.arange(self.choices), self.kept)
        children = self.width + np.arange(len(parents))
        kernel_env.copy(self.fleet.episodes, parents, children)
        self.fleet.step(children, actions)
        facts = self.fleet.facts()
        total = self.total[parents] + _rewards(self.fleet, facts)[children]
        taken = np.column_stack((self.taken[parents], actions))
        over = (facts["terminated"] | facts["truncated"])[children] != 0
        self._remember(total, taken, over)
        kept = _diverse({key: value[children] for key, value in facts.items()}, total, over, self.width)
        kernel_env.copy(self.fleet.episodes, children[kept], np.arange(len(kept)))
        self.kept, self.total, self.taken = len(kept), total[kept], taken[kept]

    def _remember(self, total: FloatArray, taken: Actions, over: BoolArray) -> None:
        if over.any():
            first = np.flatnonzero(over)[np.argmax(total[over])]
            if total[first] > self.best[0]:
                self.best = float(total[first]), taken[first]


def _beam(config: Config, batch: TaskBatch, mean_service_s: float, width: int) -> Actions:
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


def _equally_long(sequences: Sequence[Actions]) -> Actions:
    longest = max(map(len, sequences))
    return np.array([np.pad(one, (0, longest - len(one)), mode="edge") for one in sequences])


def _improved(
    config: Config, batch: TaskBatch, mean_service_s: float, played: Played, seed: int
) -> tuple[Actions, float]:
    """Change the best sequence in a few random places, again and again; keep what earns more."""
    rng = stream(seed, "search")
    fleet = Fleet(config, mean_service_s, VARIANTS)
    first = int(np.argmax(played.total_reward))
    best, earned, steps = played.actions[first], float(played.total_reward[first]), int(played.steps[first])
    rounds = min(ROUNDS, max(FEWEST_ROUNDS, WORK // (VARIANTS * max(1, len(batch)))))
    for _ in range(rounds):
        variants = _variants(best, len(fleet.deltas), rng)
        tried = _play(fleet, batch, _from(variants))
        winner = int(np.argmax(tried.total_reward))
        if tried.total_reward[winner] > earned:
            best, earned = variants[winner], float(tried.total_reward[winner])
            steps = int(tried.steps[winner])
    return best[:steps], earned


def _variants(best: Actions, choices: int, rng: np.random.Generator) -> Actions:
    """Return int64[VARIANTS, t]: one to three actions redrawn, in half of them two neighbours swapped as well."""
    variants = np.tile(best, (VARIANTS, 1))
    rows = np.arange(VARIANTS)
    for many in (1, 2, 3):
        some = rows[rows % 3 < many]
        variants[some, rng.integers(len(best), size=len(some))] = rng.integers(choices, size=len(some))
    if len(best) > 1:
        one, two = rng.integers(len(best), size=(2, VARIANTS // 2))
        half = rows[: VARIANTS // 2]
        variants[half, one], variants[half, two] = variants[half, two], variants[half, one]
    return variants
