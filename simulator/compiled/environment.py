"""The environment's step, compiled: ``autoscaling_env.observation``, ``.info`` and ``.reward`` for many farms at once.

Equal to the single environment to the bit (``tests/simulator/test_vector_env.py``): sums run from the first
task to the last, times add up step by step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiled import kernel
from simulator.compiled.agenda import ONE, ZERO, Index
from simulator.compiled.calm import choose
from simulator.compiled.compiling import inlined
from simulator.compiled.names import FACT, REAL, SEEN
from simulator.compiled.rewarding import value_of, write_reward
from simulator.compiled.state import Episodes, Rules


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
    episodes.terms[row, :] = 0.0
    episodes.reward[row] = 0.0
    window.qos = 1.0
    write_facts(episodes, rules, row)
    write_reals(episodes, rules, row, rules.mean_service_s, rules.mean_service_s, 0.0)
    write_observation(episodes, row, True)


@inlined
def step(episodes: Episodes, rules: Rules, row: Index, action: Any) -> None:
    """Change the number of workers as the action asks for within the bounds, let a step pass, observe and reward."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    before: Any = np.int64(kernel.ready(farm) + farm.starting)
    wanted: Any = before + rules.deltas[action] if len(rules.deltas) > 0 else action + rules.min_workers
    target: Any = min(max(wanted, rules.min_workers), rules.max_workers)
    kernel.scale(episodes.farms, row, target - before)
    kernel.advance(episodes.farms, row, farm.now_s + rules.step_s, rules.collect_s)
    window.step += 1
    episodes.facts[row, FACT.step] = window.step
    episodes.facts[row, FACT.requested_delta] = wanted - before
    episodes.facts[row, FACT.applied_delta] = target - before
    observe(episodes, rules, row)
    write_observation(episodes, row, False)
    write_reward(episodes, rules, row)


@inlined
def observe(episodes: Episodes, rules: Rules, row: Index) -> None:
    """As ``ObservationWindow.observe`` and ``EpisodeCounts.add``, on the farm's own record of collected tasks."""
    farm = episodes.farms.state[row]
    window = episodes.window[row]
    row = np.uint64(row)
    collected_s, finished, arrival_s = episodes.farms.collected_s, episodes.farms.finished, episodes.farms.arrival_s
    collected, first, known = farm.collected, np.uint64(window.first), np.uint64(window.known)
    since_s = farm.now_s - rules.window_s
    farms, tasks_of = episodes.farms, kernel.source(episodes.farms, row)
    if known > first and collected_s[row, kernel.slot(farms, known - ONE)] < since_s:
        first = known  # all of the earlier steps' at once
    while first < collected and collected_s[row, kernel.slot(farms, first)] < since_s:
        first += ONE
    total_s, longest_s, met, missed = 0.0, -np.inf, ZERO, ZERO
    for place in range(min(first, known), collected):
        kept = kernel.slot(farms, place)
        task = np.uint64(finished[row, kept])
        response_s = collected_s[row, kept] - arrival_s[tasks_of, task]
        in_time = np.uint64(response_s <= episodes.deadline_s[tasks_of, task])
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
    while window.segment < window.segments and episodes.segment_s[tasks_of, window.segment] < farm.now_s:
        window.segment += 1
    rate = arrival_rate(episodes, rules, row)
    count = collected - first
    window.qos = met / count if count > 0 else 1.0
    mean_s = total_s / count if count > 0 else rules.mean_service_s
    write_facts(episodes, rules, row)
    write_reals(episodes, rules, row, mean_s, longest_s if count > 0 else rules.mean_service_s, rate)


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
def write_reals(episodes: Episodes, rules: Rules, row: Index, mean_s: float, longest_s: float, rate: float) -> None:
    """Write what the observation window and the clock say."""
    out = episodes.reals
    out[row, REAL.avg_processing_time] = mean_s
    out[row, REAL.max_processing_time] = longest_s
    out[row, REAL.arrival_rate] = rate
    out[row, REAL.qos_rate] = episodes.window[row].qos
    out[row, REAL.time_s] = episodes.farms.state[row].now_s
    out[row, REAL.progress] = episodes.window[row].step / rules.max_steps


@inlined
def write_observation(episodes: Episodes, row: Index, fresh: bool) -> None:
    """Write float32[o], clipped to the observation space; ``fresh``: there is no past, so it is as now."""
    write_fields(episodes, row)
    out, view, place = episodes.observation, episodes.seen, 0
    for entry in range(len(view.source)):
        value = np.float32(value_of(episodes, row, view.source[entry]))
        last = place + view.steps[entry] - 1
        value = min(max(value, view.low[last]), view.high[last])
        for past in range(place, last):
            out[row, past] = value if fresh else out[row, past + 1]
        out[row, last] = value
        place = last + 1


@inlined
def write_fields(episodes: Episodes, row: Index) -> None:
    """Write the nine fields of ``autoscaling_env.observation``."""
    out, facts, reals, high = episodes.standard, episodes.facts, episodes.reals, episodes.seen.standard_high
    out[row, SEEN.input_queue] = facts[row, FACT.input_queue]
    out[row, SEEN.worker_queue] = facts[row, FACT.worker_queue]
    out[row, SEEN.result_queue] = facts[row, FACT.result_queue]
    out[row, SEEN.output_queue] = facts[row, FACT.output_queue]
    out[row, SEEN.workers] = facts[row, FACT.requested_workers]
    out[row, SEEN.avg_processing_time] = reals[row, REAL.avg_processing_time]
    out[row, SEEN.max_processing_time] = reals[row, REAL.max_processing_time]
    out[row, SEEN.arrival_rate] = reals[row, REAL.arrival_rate]
    out[row, SEEN.qos_rate] = reals[row, REAL.qos_rate]
    for place in range(len(high)):
        out[row, place] = min(out[row, place], high[place])
