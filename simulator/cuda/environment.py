"""Many environments on a device: the step of ``simulator.compiled.environment``, and what happens between episodes.

An episode that is over is followed by the next without the host: a level of the pool, in the row's own order where it
has one (``Turns.schedule``), else any, by a number that depends on seed, row and episode alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.compiled import environment, kernel
from simulator.compiled.calm import choose
from simulator.compiled.compiling import source_of
from simulator.compiled.names import FACT
from simulator.cuda import farm
from simulator.cuda.arrays import FORGOTTEN, NO_ACTION
from simulator.cuda.drawing import Plan, draw_level
from simulator.cuda.philox import below

#: ``Turns.autoreset``, as ``gymnasium.vector.AutoresetMode`` has them.
NEXT_STEP, SAME_STEP, DISABLED = 0, 1, 2
#: Stream of the numbers by which a row's next level is chosen; none of ``autoscaling_env.rng`` has its number.
CHOICE = 0xFFFF
_begin, _step = environment.begin, environment.step


class Turns(NamedTuple):
    """Whose turn it is: f rows, l levels.

    Attributes:
        autoreset: one of the modes above.
        kinds: how many actions there are.
        seed: uint64[1], of the numbers that choose levels.
        episode: int64[f], episodes begun in each row.
        schedule: int32[f, a], levels in the order of each row; a = 0: chosen at random.
        segments, workers: int64[l], of each level, and how many workers it begins with.
        chosen: bool[f], rows that ``begin_row`` begins.
        actions: int64[f].
        over: bool[f], the row's episode has ended and the next has not begun.
    """

    autoreset: int
    kinds: int
    seed: Any
    episode: Any
    schedule: Any
    segments: Any
    workers: Any
    chosen: Any
    actions: Any
    over: Any


class Outcomes(NamedTuple):
    """What a step brought to each of f rows.

    Attributes:
        reward: real[f]; 0 in a step that began an episode.
        terminated, truncated: bool[f].
        returned: real[f], sum of the rewards of the episode so far.
        final_observation: float32[f, o], of the last episode that ended in the row.
        final_return, final_qos: real[f], of that episode: its return, and the share of its deadlines that were met.
        final_steps: int64[f], how many it had; 0: none has ended.
    """

    reward: Any
    terminated: Any
    truncated: Any
    returned: Any
    final_observation: Any
    final_return: Any
    final_qos: Any
    final_steps: Any


class Play(NamedTuple):
    """Arguments of what is launched: ``Episodes`` and ``Rules`` are those of ``simulator.compiled.state``."""

    episodes: Any
    rules: Any
    turns: Turns
    outcomes: Outcomes
    plan: Plan


def no_outcomes(rows: int, observed: int, real: type) -> Outcomes:
    """Return the outcomes of rows, who see so many numbers, before anything came of them."""
    numbers: Any = np.zeros((4, rows), dtype=real)
    reward, returned, final_return, final_qos = numbers
    terminated, truncated = np.zeros((2, rows), dtype=np.bool_)
    last, steps = np.zeros((rows, observed), dtype=np.float32), np.zeros(rows, dtype=np.int64)
    return Outcomes(reward, terminated, truncated, returned, last, final_return, final_qos, steps)


def draw_row(level: Any, play: Play) -> None:
    """Draw a level of the pool."""
    draw_level(play.plan, play.episodes, play.turns.seed[0], level, np.int64(0))


def begin_row(row: Any, play: Play) -> None:
    """Begin the row's next episode, where it was chosen."""
    if play.turns.chosen[row]:
        begin_next(row, play)
        clear(row, play)


def step_row(row: Any, play: Play) -> None:
    """Step the row by its action, or begin its next episode where the last one is over."""
    turns, outcomes, episodes = play.turns, play.outcomes, play.episodes
    if turns.over[row]:
        if turns.autoreset == NEXT_STEP:
            begin_next(row, play)
            clear(row, play)
        outcomes.reward[row] = 0.0
        return
    action = turns.actions[row]
    if action < 0 or action >= turns.kinds:
        episodes.farms.state[row].problem = NO_ACTION
        action = np.int64(0)
    first = np.uint64(episodes.window[row].first)
    _step(episodes, play.rules, row, action)
    if episodes.farms.state[row].finished - first > np.uint64(episodes.farms.collected_s.shape[1]):
        episodes.farms.state[row].problem = FORGOTTEN  # results that the window looked at had been overwritten
    outcomes.reward[row] = episodes.reward[row]
    outcomes.returned[row] += episodes.reward[row]
    ended = episodes.facts[row, FACT.terminated] != 0
    cut = episodes.facts[row, FACT.truncated] != 0
    outcomes.terminated[row], outcomes.truncated[row] = ended, cut
    if ended or cut:
        conclude(row, play)
        turns.over[row] = True
        if turns.autoreset == SAME_STEP:
            begin_next(row, play)


def conclude(row: Any, play: Play) -> None:
    """Write down what was true at the end of the row's episode."""
    episodes, outcomes = play.episodes, play.outcomes
    processed = episodes.facts[row, FACT.processed_tasks]
    missed = episodes.facts[row, FACT.qos_violations]
    outcomes.final_return[row] = outcomes.returned[row]
    outcomes.final_qos[row] = (processed - missed) / processed if processed > 0 else 1.0
    outcomes.final_steps[row] = episodes.facts[row, FACT.step]
    for place in range(episodes.observation.shape[1]):
        outcomes.final_observation[row, place] = episodes.observation[row, place]


def begin_next(row: Any, play: Play) -> None:
    """Begin the row's next episode, and observe it."""
    turns, episodes = play.turns, play.episodes
    level = next_level(row, play)
    turns.episode[row] += 1
    turns.over[row] = False
    play.outcomes.returned[row] = 0.0
    episodes.farms.level[row] = level
    _begin(episodes, play.rules, row, episodes.farms.tasks[level], turns.segments[level], turns.workers[level])


def next_level(row: Any, play: Play) -> Any:
    """Return the level that the row plays next."""
    turns = play.turns
    ahead = turns.schedule.shape[1]
    if ahead > 0:
        return np.int64(turns.schedule[row, turns.episode[row] % ahead])
    levels = turns.segments.shape[0]
    return np.int64(below(turns.seed[0], CHOICE, row, turns.episode[row], levels))


def fresh_level(row: Any, play: Play) -> Any:
    """Draw the row's next episode into its own level; return it."""
    draw_level(play.plan, play.episodes, play.turns.seed[0], row, play.turns.episode[row])
    return np.int64(row)


def clear(row: Any, play: Play) -> None:
    """Say of a row that was begun that nothing came of the step."""
    play.outcomes.reward[row] = 0.0
    play.outcomes.terminated[row] = play.outcomes.truncated[row] = False


def either(condition: Any, one: Any, other: Any) -> Any:
    """Return one or the other: what a GPU chooses between without a branch anyway."""
    return one if condition else other


#: What stands in the place of the compiled farm's code.
SWAPS: dict[Any, Any] = {
    kernel.__name__: farm,
    source_of(kernel.remove_one): farm.remove_one,
    source_of(kernel.source): farm.source,
    source_of(kernel.slot): farm.slot,
    source_of(choose): either,
}
#: The same where every episode is drawn anew. Code of its own: what draws takes half as many registers again.
FRESH: dict[Any, Any] = {**SWAPS, next_level: fresh_level}
