"""Episodes drawn on the device: arrivals along the rate, then what each task and each start takes.

A level's tasks follow from its seed, its row and how often the row was drawn; every thing drawn has its own stream
(``autoscaling_env.rng``), so the i-th task's service time is the same whatever its arrivals are. Statistically the
episodes of ``workloads.phased``, not the same numbers. Plain Python: ``simulator.cuda.targets`` makes code of it.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import numpy as np

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from autoscaling_env.rng import STREAMS
from autoscaling_env.workload import KNOT, PHASE, DrawingPlan, Planned, Workload
from simulator.cuda.laws import Draw, exponential, gamma, laws_of, sample, uniform

#: Rows of ``Plan.laws``.
SERVICE, PICKUP, OVERHEAD, STARTUP = range(4)
_TIME_S, _LEVEL, _RATE, _SLOPE = range(len(KNOT))
_KIND, _EXPECTED, _CV, _FIRST, _BEHIND, _END_S = range(len(PHASE))
_ARRIVALS, _SERVICE, _PICKUP, _OVERHEAD, _STARTUP = (
    STREAMS[name] for name in ("arrivals", "service", "pickup", "overhead", "startup")
)
_EXACT = 0
_TINY = float(np.finfo(np.float64).tiny)


class Plan(NamedTuple):
    """What a device draws from; nothing where ``phases`` is empty: it plays the levels that it was given.

    Attributes:
        phases, knots: as in ``DrawingPlan``.
        laws, values: as ``laws.laws_of`` has them: service, pickup, overhead, startup.
        deadline: float64[3], coefficient, floor and cap.
    """

    phases: Any
    knots: Any
    laws: Any
    values: Any
    deadline: Any


def no_plan() -> Plan:
    """Return the plan of who draws nothing."""
    return Plan(np.zeros((0, len(PHASE))), np.zeros((0, len(KNOT))), np.zeros((0, 6)), np.zeros(1), np.zeros(3))


def drawing_plan(config: Config, workload: Workload) -> DrawingPlan:
    """Return a workload as numbers.

    Raises:
        InputError: the configuration has what only this machine draws; one line each.
    """
    problems = [
        f"{key}: episodes that differ in it are drawn on this machine only; leave draw='device' out"
        for key, has in (
            ("environment.phase_shuffle", config.environment.phase_shuffle),
            ("environment.levels", config.environment.levels is not None),
            ("randomize", bool(config.randomize.draws)),
        )
        if has
    ]
    if not hasattr(workload, "drawing_plan"):
        problems.append(f"workload {workload.name}: has no plan to draw it by; leave draw='device' out")
    if problems:
        raise InputError(*problems)
    return cast("Planned", workload).drawing_plan()


def plan_of(config: Config, drawn: DrawingPlan) -> Plan:
    """Return what a device draws from, on this machine."""
    farm, unbounded = config.farm, (0.0, math.inf)
    laws, values = laws_of(
        [
            (drawn.service, drawn.service_bounds_s),
            (farm.pickup, unbounded),
            (farm.service_overhead, unbounded),
            (farm.startup, unbounded),
        ]
    )
    return Plan(drawn.phases, drawn.knots, laws, values, np.array(drawn.deadline))


def draw_level(plan: Plan, episodes: Any, seed: Any, level: Any, time: Any) -> None:
    """Draw the level anew, for the ``time``-th time."""
    tasks = draw_arrivals(plan, episodes.farms.arrival_s, seed, level, time)
    episodes.farms.tasks[level] = tasks
    for task in range(tasks):
        service_s = sample(plan.laws, plan.values, SERVICE, Draw(seed, _SERVICE, level, time, task))
        overhead_s = sample(plan.laws, plan.values, OVERHEAD, Draw(seed, _OVERHEAD, level, time, task))
        pickup_s = sample(plan.laws, plan.values, PICKUP, Draw(seed, _PICKUP, level, time, task))
        deadline_s = min(max(service_s * plan.deadline[0], plan.deadline[1]), plan.deadline[2])
        episodes.farms.work_s[level, task] = service_s + overhead_s
        episodes.farms.pickup_s[level, task] = pickup_s
        episodes.deadline_s[level, task] = deadline_s
    for start in range(episodes.farms.startup_s.shape[1]):
        startup_s = sample(plan.laws, plan.values, STARTUP, Draw(seed, _STARTUP, level, time, start))
        episodes.farms.startup_s[level, start] = startup_s


def draw_arrivals(plan: Plan, arrival_s: Any, seed: Any, level: Any, time: Any) -> Any:
    """Write the level's arrivals, sorted, with an infinite one behind; return how many there are."""
    count, room = 0, arrival_s.shape[1] - 2
    for phase in range(plan.phases.shape[0]):
        expected, last_s = plan.phases[phase, _EXPECTED], plan.phases[phase, _END_S]
        knot, reached, first = int(plan.phases[phase, _FIRST]), 0.0, count
        while count < room:
            # The one that lies beyond a phase is not the first of the next: that would be a long one.
            draw = Draw(seed, _ARRIVALS, level, time, count + phase)
            reached = next_level(plan, phase, reached, count - first, draw)
            if reached >= expected:
                break
            while knot + 2 < plan.phases[phase, _BEHIND] and plan.knots[knot + 1, _LEVEL] <= reached:
                knot += 1
            arrival_s[level, count] = min(when(plan, knot, reached), last_s)
            count += 1
    arrival_s[level, count] = np.inf
    arrival_s[level, count + 1] = np.inf
    return count


def next_level(plan: Plan, phase: Any, reached: Any, so_far: Any, draw: Draw) -> Any:
    """Return where the clock that runs with the rate stands at the phase's next arrival; the expected number: at none.

    Of exactly n moments each is the least of those that are left, uniform on what is left; gaps of a renewal process
    begin with what is left of one (Cox 1962, *Renewal Theory*, section 2.2), as in ``workloads.arrivals``.
    """
    expected, cv = plan.phases[phase, _EXPECTED], plan.phases[phase, _CV]
    if plan.phases[phase, _KIND] == _EXACT:
        left = expected - so_far
        if left < 0.5:
            return expected
        share = math.exp(-exponential(draw, 0) / left)
        # Rounding may reach the end, where only what is behind it would be.
        return min(expected - (expected - reached) * share, expected * (1.0 - 1e-15))
    if cv == 1.0:
        return reached + exponential(draw, 0)
    shape = 1.0 / (cv * cv)
    if so_far == 0:
        return uniform(draw, 0) * gamma(draw, shape + 1.0) / shape
    return reached + gamma(draw, shape) / shape


def when(plan: Plan, knot: Any, level: Any) -> Any:
    """Return when the clock that runs with the rate stands at ``level``, as ``RateCurve.when``: a quadratic."""
    area = level - plan.knots[knot, _LEVEL]
    rate = plan.knots[knot, _RATE]
    root = math.sqrt(max(rate * rate + 2.0 * plan.knots[knot, _SLOPE] * area, 0.0)) + rate
    return min(plan.knots[knot, _TIME_S] + 2.0 * area / max(root, _TINY), plan.knots[knot + 1, _TIME_S])
