"""Episodes begun and stepped from outside of compiled code, one or many, and what came of it in columns.

Whoever calls hands the arrays over once (``simulator.compiled.kept``); what changes from step to step is little.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.reward import Prices
from autoscaling_env.schema import FACTS
from autoscaling_env.types import BoolArray, FloatArray
from simulator.compiled import kernel
from simulator.compiled.agenda import Index
from simulator.compiled.ahead import COUNTS_AHEAD, TASKS_AHEAD, ask_for_counts, ask_for_tasks
from simulator.compiled.borrowing import borrowed
from simulator.compiled.compiling import compiled, inlined
from simulator.compiled.environment import begin, step
from simulator.compiled.kept import taken, type_of
from simulator.compiled.names import FACT, REAL
from simulator.compiled.state import Episodes, Rules, View, allocate

Rows = NDArray[np.int64]
#: Where ``Kept`` has its value.
Memory = NDArray[np.uint8]


class Play(NamedTuple):
    """All that steps need: what ``Kept`` keeps."""

    episodes: Episodes
    rules: Rules


class Results(NamedTuple):
    """What the last step or reset brought to each of n environments, in columns: ``tell`` fills them.

    Attributes:
        facts: int64[len(FACTS), n].
        terms: float64[t, n], of the reward; 0 after a reset.
        reward: float64[n], likewise.
        time_s: float64[n].
        terminated, truncated: bool[n].
        qos: float64[n], share of deadlines met by all tasks collected in the episode so far; 1 if there are none.
        reason: int64[n], 0 where the lower bound kept the count up, 2 where the upper one kept it down, else 1.
    """

    facts: NDArray[np.int64]
    terms: FloatArray
    reward: FloatArray
    time_s: FloatArray
    terminated: BoolArray
    truncated: BoolArray
    qos: FloatArray
    reason: NDArray[np.int64]


def no_rules() -> Rules:
    """Return rules of the right types."""
    nothing = np.zeros(0, dtype=np.int64)
    return Rules(0.0, 0.0, 0.0, 0.0, 0, 0, 0, 0, Prices(*[0.0] * len(Prices._fields)), nothing, nothing, np.zeros(0))


def no_view() -> View:
    """Return a view of the right types."""
    nothing, bounds = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    return View(bounds, nothing, nothing, bounds, bounds)


#: The type of ``Play`` in compiled code.
PLAY = type_of(Play(allocate(kernel.allocate(0, 0, 0, 0, record=False), 0, 1, 0, no_view()), no_rules()))


@compiled
def begin_all(memory: Memory, rows: Rows, tasks: Rows, segments: Rows, workers: int) -> None:
    """Start the episodes ``rows``, which have so many tasks and segments."""
    episodes, rules = taken(memory, PLAY)
    for row in rows:
        begin(episodes, rules, row, tasks[row], segments[row], workers)


@compiled
def tell_all(memory: Memory, rows: Rows, results: Results) -> None:
    """Tell of the episodes ``rows`` what was true after their last step or reset."""
    episodes, _ = taken(memory, PLAY)
    for row in rows:
        tell(episodes, row, results)


@compiled
def step_all(memory: Memory, rows: Rows, actions: Rows, results: Results) -> tuple[int, int, int]:
    """Step the episodes ``rows`` by the entries ``rows`` of ``actions``, and tell of them.

    Returns how many episodes ended, the most workers that were there, leaving ones too, and the most ever started.
    """
    episodes, rules = taken(memory, PLAY)
    facts, last = episodes.facts, len(rows) - 1
    ended, crowd, started = 0, 0, 0
    for place in range(len(rows)):
        row = rows[place]
        ask_for_counts(episodes, rows[min(place + COUNTS_AHEAD, last)])
        ask_for_tasks(episodes, rows[min(place + TASKS_AHEAD, last)])
        step(episodes, rules, row, actions[row])
        tell(episodes, row, results)
        ended += facts[row, FACT.terminated] | facts[row, FACT.truncated]
        crowd = max(crowd, facts[row, FACT.requested_workers] + facts[row, FACT.workers_draining])
        started = max(started, facts[row, FACT.workers_started])
    return ended, crowd, started


@compiled
def step_one(memory: Memory, action: int) -> Any:
    """Step the only episode; return its reward."""
    episodes, rules = taken(memory, PLAY)
    step(episodes, rules, np.int64(0), action)
    return episodes.reward[0]


@inlined
def tell(episodes: Episodes, row: Index, results: Results) -> None:
    """Write an episode's column."""
    facts = episodes.facts
    for fact in range(facts.shape[1]):
        results.facts[fact, row] = facts[row, fact]
    for term in range(episodes.terms.shape[1]):
        results.terms[term, row] = episodes.terms[row, term]
    results.reward[row] = episodes.reward[row]
    results.time_s[row] = episodes.reals[row, REAL.time_s]
    results.terminated[row] = facts[row, FACT.terminated] != 0
    results.truncated[row] = facts[row, FACT.truncated] != 0
    processed = facts[row, FACT.processed_tasks]
    results.qos[row] = (processed - facts[row, FACT.qos_violations]) / processed if processed > 0 else 1.0
    wanted, came = facts[row, FACT.requested_delta], facts[row, FACT.applied_delta]
    results.reason[row] = 1 + np.int64(wanted > came) - np.int64(wanted < came)


@compiled
def move(rows: Rows, source: Results, target: Results) -> None:
    """Copy the columns ``rows``."""
    for row in rows:
        target.facts[:, row] = source.facts[:, row]
        target.terms[:, row] = source.terms[:, row]
        target.reward[row], target.time_s[row] = source.reward[row], source.time_s[row]
        target.terminated[row], target.truncated[row] = source.terminated[row], source.truncated[row]
        target.qos[row], target.reason[row] = source.qos[row], source.reason[row]


def room(size: int, terms: int) -> Results:
    """Return columns for ``size`` environments; all of them are 0."""
    counts, reals = np.zeros((len(FACTS) + 1, size), dtype=np.int64), np.zeros((terms + 3, size))
    ends = np.zeros((2, size), dtype=np.bool_)
    return Results(counts[1:], reals[3:], reals[0], reals[1], ends[0], ends[1], reals[2], counts[0])


@compiled
def copy(episodes: Episodes, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
    """Let each of the episodes ``target`` stand where its ``source`` stands: a branch of the same episode.

    Tasks and delays must be the same in both. Of the tasks collected only those are copied that are still looked
    at: a branch costs about a microsecond, however long the episode.
    """
    episodes = borrowed(episodes)
    farms = episodes.farms
    for place in range(len(source)):
        old, new = source[place], target[place]
        farms.state[new] = farms.state[old]
        episodes.window[new] = episodes.window[old]
        episodes.history_s[new] = episodes.history_s[old]
        episodes.history_n[new] = episodes.history_n[old]
        episodes.facts[new] = episodes.facts[old]
        episodes.reals[new] = episodes.reals[old]
        episodes.standard[new] = episodes.standard[old]
        episodes.observation[new] = episodes.observation[old]
        first, done = np.int64(episodes.window[old].first), np.int64(farms.state[old].finished)
        farms.finished[new, first:done] = farms.finished[old, first:done]
        farms.collected_s[new, first:done] = farms.collected_s[old, first:done]
        starting, far = np.int64(farms.state[old].starting), farms.state[old].busy_far
        farms.starting_s[new, :starting] = farms.starting_s[old, :starting]
        far = max(far, farms.state[old].look_far)
        farms.far_s[new, :, :far] = farms.far_s[old, :, :far]
        farms.far_tag[new, :, :far] = farms.far_tag[old, :, :far]
