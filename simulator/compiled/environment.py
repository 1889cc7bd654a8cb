"""The environment's step, compiled: ``autoscaling_env.observation`` and ``.info`` for many farms at once.

Equal to the single environment to the bit (``tests/simulator/test_vector_env.py``): sums run from the first
task to the last, times add up step by step.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.observation import FIELDS
from autoscaling_env.schema import FACTS
from autoscaling_env.types import FloatArray
from simulator.compiled import kernel
from simulator.compiled.agenda import ONE, ZERO, Index
from simulator.compiled.borrowing import borrowed
from simulator.compiled.calm import choose
from simulator.compiled.compiling import compiled, inlined
from simulator.compiled.kernel import FARM, Farms
from simulator.compiled.prefetch import LINE, prefetch

#: Where a column stands in ``Episodes.facts``, by its name; the compiler folds it into a number.
FACT: Any = namedtuple("FACT", FACTS)(*range(len(FACTS)))
#: Where a field stands in the observation, by its name.
SEEN: Any = namedtuple("SEEN", FIELDS)(*range(len(FIELDS)))

#: How many episodes ahead memory is asked for (``ask_for_counts``, ``ask_for_tasks``), and for how many tasks: about
#: those of a step (of the reference workload: 38).
COUNTS_AHEAD, TASKS_AHEAD, TASKS_A_STEP = 4, 2, 48
_FARM_FIELDS: Any = FARM.fields
_BUSY_S, _BUSY_TASK, _LOOK_S = (_FARM_FIELDS[name][1] for name in ("busy_s", "busy_task", "look_s"))
_COUNTS_BYTES, _FACTS_BYTES, _TASKS_BYTES = _BUSY_S, len(FACTS) * 8, TASKS_A_STEP * 8

#: What the environment remembers of an episode from step to step.
WINDOW = np.dtype(
    [
        ("step", np.int64),
        ("known", np.int64),  # tasks collected in earlier steps
        ("first", np.int64),  # the first task collected within the observation window
        ("missed", np.int64),  # deadlines
        ("segment", np.int64),  # segments started
        ("segments", np.int64),
        ("then", np.int64),  # the step the arrival rate counts from
        ("qos", np.float64),
    ]
)


class Rules(NamedTuple):
    """The numbers of a configuration that the environment's step needs."""

    step_s: float
    window_s: float
    mean_service_s: float
    collect_s: float
    min_workers: int
    max_workers: int
    max_steps: int


class Episodes(NamedTuple):
    """f episodes being played; row i of every array is episode i.

    Attributes:
        farms: their farms.
        deadline_s: float64[f, n].
        segment_s: float64[f, m + 1], when each segment starts, then infinite.
        window: WINDOW[f].
        history_s, history_n: float64 and int64[f, h], times and counts of enqueued tasks at the last h steps;
            h is a power of two.
        facts: int64[f, len(FACTS)], what the last step brought.
        observation: float32[f, 9].
        high: float32[9], the bounds of the observation space.
    """

    farms: Farms
    deadline_s: FloatArray
    segment_s: FloatArray
    window: Any
    history_s: FloatArray
    history_n: NDArray[np.int64]
    facts: NDArray[np.int64]
    observation: NDArray[np.float32]
    high: NDArray[np.float32]


@inlined
def begin(episodes: Episodes, rules: Rules, row: Index, tasks: int, segments: int, workers: int) -> None:
    """Start an episode whose tasks and delays are in place, and observe it."""
    kernel.restart(episodes.farms, row, tasks, workers)
    window = episodes.window[row]
    window.step = window.known = window.first = window.missed = window.segment = window.then = 0
    window.segments = segments
    episodes.history_s[row, 0] = 0.0
    episodes.history_n[row, 0] = 0
    episodes.facts[row, :] = 0
    window.qos = 1.0
    write_facts(episodes, rules, row)
    write_observation(episodes, row, rules.mean_service_s, rules.mean_service_s, 0.0)


@inlined
def step(episodes: Episodes, rules: Rules, row: Index, delta: int) -> None:
    """Change the number of workers within the bounds, let a step pass, observe."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    before: Any = np.int64(kernel.ready(farm) + farm.starting)
    target: Any = min(max(before + delta, rules.min_workers), rules.max_workers)
    kernel.scale(episodes.farms, row, target - before)
    kernel.advance(episodes.farms, row, farm.now_s + rules.step_s, rules.collect_s)
    window.step += 1
    episodes.facts[row, FACT.step] = window.step
    episodes.facts[row, FACT.requested_delta] = delta
    episodes.facts[row, FACT.applied_delta] = target - before
    observe(episodes, rules, row)


@inlined
def observe(episodes: Episodes, rules: Rules, row: Index) -> None:
    """As ``ObservationWindow.observe`` and ``EpisodeCounts.add``, on the farm's own record of collected tasks."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    row = np.uint64(row)
    collected_s, finished, arrival_s = episodes.farms.collected_s, episodes.farms.finished, episodes.farms.arrival_s
    collected, first, known = farm.collected, np.uint64(window.first), np.uint64(window.known)
    since_s = farm.now_s - rules.window_s
    if known > first and collected_s[row, known - ONE] < since_s:  # all of the earlier steps' at once
        first = known
    while first < collected and collected_s[row, first] < since_s:
        first += ONE
    total_s, longest_s, met, missed = 0.0, -np.inf, ZERO, ZERO
    for place in range(min(first, known), collected):
        task = np.uint64(finished[row, place])
        response_s = collected_s[row, place] - arrival_s[row, task]
        in_time = np.uint64(response_s <= episodes.deadline_s[row, task])
        if place >= first:
            total_s += response_s
            longest_s = choose(response_s > longest_s, response_s, longest_s)
            met += in_time
        if place >= known:
            missed += ONE - in_time
    window.missed += missed
    window.first, window.known = first, collected
    episodes.facts[row, FACT.processed_in_step] = collected - known
    episodes.facts[row, FACT.missed_in_step] = missed
    episodes.facts[row, FACT.qos_violations] = window.missed
    while window.segment < window.segments and episodes.segment_s[row, window.segment] < farm.now_s:
        window.segment += 1
    rate = arrival_rate(episodes, rules, row)
    count = collected - first
    window.qos = met / count if count > 0 else 1.0
    mean_s = total_s / count if count > 0 else rules.mean_service_s
    write_facts(episodes, rules, row)
    write_observation(episodes, row, mean_s, longest_s if count > 0 else rules.mean_service_s, rate)


@inlined
def arrival_rate(episodes: Episodes, rules: Rules, row: Index) -> float:
    """As ``ObservationWindow._arrival_rate``; remembers as many steps as the window can reach back."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    times, counts = episodes.history_s, episodes.history_n
    last = times.shape[1] - 1  # a power of two less one: places are taken in turn
    since_s = farm.now_s - rules.window_s
    while window.then + 1 < window.step and times[row, (window.then + 1) & last] <= since_s:
        window.then += 1
    enqueued, then = np.int64(farm.enqueued), window.then & last
    elapsed_s, arrived = farm.now_s - times[row, then], enqueued - counts[row, then]
    times[row, window.step & last] = farm.now_s
    counts[row, window.step & last] = enqueued
    return arrived / elapsed_s if elapsed_s > 0 else 0.0


@inlined
def write_facts(episodes: Episodes, rules: Rules, row: Index) -> None:
    """Write the counts that are read off the farm."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    facts = episodes.facts
    ready, input_queue = kernel.ready(farm), window.segments - window.segment
    unfinished = np.int64(farm.tasks - farm.collected)
    facts[row, FACT.requested_workers] = ready + farm.starting
    facts[row, FACT.workers_ready] = ready
    facts[row, FACT.workers_starting] = farm.starting
    facts[row, FACT.workers_draining] = farm.draining
    facts[row, FACT.busy_workers] = farm.busy
    facts[row, FACT.input_queue] = input_queue
    facts[row, FACT.worker_queue] = farm.enqueued - farm.next
    facts[row, FACT.result_queue] = farm.finished - farm.collected
    facts[row, FACT.output_queue] = farm.collected
    facts[row, FACT.enqueued_total] = farm.enqueued
    facts[row, FACT.processed_tasks] = farm.collected
    facts[row, FACT.unfinished_tasks] = unfinished
    facts[row, FACT.workers_started] = farm.started
    facts[row, FACT.terminated] = unfinished == 0 and input_queue == 0 and window.step > 0
    facts[row, FACT.truncated] = facts[row, FACT.terminated] == 0 and window.step >= rules.max_steps


@inlined
def write_observation(episodes: Episodes, row: Index, mean_s: float, longest_s: float, rate: float) -> None:
    """Write float32[9], clipped to the observation space."""
    out, facts, high = episodes.observation, episodes.facts, episodes.high
    out[row, SEEN.input_queue] = facts[row, FACT.input_queue]
    out[row, SEEN.worker_queue] = facts[row, FACT.worker_queue]
    out[row, SEEN.result_queue] = facts[row, FACT.result_queue]
    out[row, SEEN.output_queue] = facts[row, FACT.output_queue]
    out[row, SEEN.workers] = facts[row, FACT.requested_workers]
    out[row, SEEN.avg_processing_time] = mean_s
    out[row, SEEN.max_processing_time] = longest_s
    out[row, SEEN.arrival_rate] = rate
    out[row, SEEN.qos_rate] = episodes.window[row].qos
    for place in range(len(high)):
        out[row, place] = min(out[row, place], high[place])


@compiled
def begin_all(
    episodes: Episodes,
    rules: Rules,
    rows: NDArray[np.int64],
    tasks: NDArray[np.int64],
    segments: NDArray[np.int64],
    workers: int,
) -> None:
    """Start the episodes ``rows``, which have so many tasks and segments."""
    episodes = borrowed(episodes)
    for row in rows:
        begin(episodes, rules, row, tasks[row], segments[row], workers)


@inlined
def ask_for_counts(episodes: Episodes, row: Any) -> None:
    """Ask for what an episode's next step reads and writes whatever happens in it."""
    for byte in range(0, _COUNTS_BYTES, LINE):
        prefetch(episodes.farms.state, row, byte)
    for byte in range(0, _FACTS_BYTES, LINE):
        prefetch(episodes.facts, row, byte)
    prefetch(episodes.window, row, 0)
    prefetch(episodes.history_s, row, 0)
    prefetch(episodes.history_n, row, 0)
    prefetch(episodes.farms.starting_s, row, 0)
    prefetch(episodes.segment_s, row, 0)


@inlined
def ask_for_tasks(episodes: Episodes, row: Any) -> None:
    """Ask for an episode's next tasks and the agenda of its workers; its counts should have been asked for."""
    farms = episodes.farms
    farm = farms.state[row]
    task, done = np.int64(farm.next) * 8, np.int64(farm.finished) * 8
    for byte in range(0, _TASKS_BYTES, LINE):
        prefetch(farms.arrival_s, row, task + byte)
        prefetch(farms.work_s, row, task + byte)
        prefetch(farms.pickup_s, row, task + byte)
        prefetch(farms.collected_s, row, done + byte)
        prefetch(episodes.deadline_s, row, done + byte)  # nearly in the order of finishing
    for byte in range(0, _TASKS_BYTES // 2, LINE):
        prefetch(farms.finished, row, (done >> 1) + byte)
    # The agenda grows downwards, by an entry a task.
    for byte in range(np.int64(farm.busy_low) * 8 - _TASKS_BYTES, np.int64(farm.busy_high) * 8, LINE):
        prefetch(farms.state, row, _BUSY_S + byte)
        prefetch(farms.state, row, _BUSY_TASK + byte)
    prefetch(farms.state, row, _LOOK_S + np.int64(farm.look_high) * 8 - 8)


@compiled
def step_all(episodes: Episodes, rules: Rules, rows: NDArray[np.int64], deltas: NDArray[np.int64]) -> None:
    """Step the episodes ``rows``; ``deltas`` has an entry for each of them."""
    episodes, last = borrowed(episodes), len(rows) - 1
    for place in range(len(rows)):
        ask_for_counts(episodes, rows[min(place + COUNTS_AHEAD, last)])
        ask_for_tasks(episodes, rows[min(place + TASKS_AHEAD, last)])
        step(episodes, rules, rows[place], deltas[place])


@compiled
def copy(episodes: Episodes, source: NDArray[np.int64], target: NDArray[np.int64]) -> None:
    """Let each of the episodes ``target`` stand where its ``source`` stands: a branch of the same episode.

    Tasks and delays must be the same in both. Of the tasks collected only those are copied that are still looked
    at: a branch costs about a microsecond, however long the episode.
    """
    farms = episodes.farms
    for place in range(len(source)):
        old, new = source[place], target[place]
        farms.state[new] = farms.state[old]
        episodes.window[new] = episodes.window[old]
        episodes.history_s[new] = episodes.history_s[old]
        episodes.history_n[new] = episodes.history_n[old]
        episodes.facts[new] = episodes.facts[old]
        episodes.observation[new] = episodes.observation[old]
        first, done = np.int64(episodes.window[old].first), np.int64(farms.state[old].finished)
        farms.finished[new, first:done] = farms.finished[old, first:done]
        farms.collected_s[new, first:done] = farms.collected_s[old, first:done]
        starting, far = np.int64(farms.state[old].starting), farms.state[old].busy_far
        farms.starting_s[new, :starting] = farms.starting_s[old, :starting]
        far = max(far, farms.state[old].look_far)
        farms.far_s[new, :, :far] = farms.far_s[old, :, :far]
        farms.far_tag[new, :, :far] = farms.far_tag[old, :, :far]


def allocate(farms: Farms, segments: int, history: int, high: NDArray[np.float32]) -> Episodes:
    """Return room for the episodes of these farms."""
    count, tasks = farms.work_s.shape
    return Episodes(
        farms=farms,
        deadline_s=np.zeros((count, tasks)),
        segment_s=np.full((count, segments + 1), np.inf),
        window=np.zeros(count, dtype=WINDOW),
        history_s=np.zeros((count, history)),
        history_n=np.zeros((count, history), dtype=np.int64),
        facts=np.zeros((count, len(FACTS)), dtype=np.int64),
        observation=np.zeros((count, len(FIELDS)), dtype=np.float32),
        high=high,
    )
