"""Workloads made of phases: tasks that arrive at each phase's rate, by its arrival process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.arrivals import (
    ArrivalsConfig,
    ExactArrivals,
    GammaArrivals,
    PoissonArrivals,
    WindowedArrivals,
)
from autoscaling_env.config.workload import AnyPhase, PhasesConfig
from autoscaling_env.errors import ConfigError, InputError
from autoscaling_env.pacing import Pace, pace
from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray, TaskBatch
from autoscaling_env.workload import DrawingPlan, DrawnRows, StreamsByName
from workloads.arrivals import Arrivals, arrivals_of
from workloads.exact import ExactPhases, phase_bounds
from workloads.rates import RateCurve, joined, rate_curve
from workloads.sampling import OneProcess, SampledPhases, WindowedPhases
from workloads.service import DeadlineModel, ServiceModel

#: Tasks an episode may have: three float64 a task must fit into memory.
MAX_TASKS = 50_000_000


class DrawsArrivals(Protocol):
    """What draws the arrivals of all phases."""

    @property
    def most_tasks(self) -> int:
        """No episode has more."""
        ...

    def draw(
        self, rng: np.random.Generator, order: tuple[int, ...] | None, pace: Pace
    ) -> tuple[FloatArray, FloatArray, NDArray[np.int64] | None]:
        """Return arrival_s, segment_start_s and tasks as ``DrawnRows`` has them; ``order`` None: as declared."""
        ...


class PhasedWorkload:
    """Draws the tasks of phases, each by its arrival process (``workloads.arrivals``).

    Arrivals come from the stream ``arrivals`` of the episode's seed, service times from ``service`` (the i-th task to
    arrive has the i-th draw, whatever the order of the phases), the order from the stream ``phases`` of
    ``phase_order_seed``. A process that the whole workload has and that does not drift goes through all phases; any
    other begins anew in each.
    """

    def __init__(self, config: PhasesConfig) -> None:
        """Precompute what no seed changes.

        Raises:
            ConfigError: no tasks, too many, tasks in a phase whose rate is 0 throughout, or arrivals that cannot be.
        """
        self._config = config
        self._curves = [rate_curve(phase, config.base_rate_per_min / 60) for phase in config.phases]
        self._arrivals = _drawn_by(config, self._curves, _counts(config.phases, self._curves))
        self._service = ServiceModel(config.service)
        self._deadline = DeadlineModel(config.deadline, self._service.min_s, self._service.max_s)

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        return self._config.name

    @cached_property
    def duration_s(self) -> float:
        """Seconds over which tasks arrive, as declared; with windowed arrivals time drifts."""
        return float(sum(phase.duration_s for phase in self._config.phases))

    @cached_property
    def mean_service_s(self) -> float:
        """Mean service time in seconds, after clipping."""
        return self._service.mean_s()

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing was done to the source: the phases are what the configuration says."""
        return ()

    @property
    def most_tasks(self) -> int:
        """No episode has more tasks."""
        return self._arrivals.most_tasks

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``; see the class for what comes from which stream."""
        drawn = self.draw_from(partial(stream, seed), phase_order_seed)
        return TaskBatch(drawn.arrival_s, drawn.service_s, drawn.deadline_s, drawn.segment_start_s, seed)

    def draw_from(self, streams: StreamsByName, phase_order_seed: int | None = None, pace: Pace = pace) -> DrawnRows:
        """Return the tasks of one episode, or a row for each of many; see ``DrawsRows``."""
        order = None if phase_order_seed is None else self.order(phase_order_seed)
        arrival_s, start_s, tasks = self._arrivals.draw(streams("arrivals"), order, pace)
        service_s = self._service.draw(streams("service"), arrival_s.shape[-1])
        return DrawnRows(arrival_s, service_s, self._deadline.of(service_s), start_s, tasks)

    def drawing_plan(self) -> DrawingPlan:
        """See ``autoscaling_env.workload.Planned``."""
        return plan_of(self._config, self._curves, self.most_tasks)

    def order(self, phase_order_seed: int) -> tuple[int, ...]:
        """Return the order in which the phases run under this seed, as indices into the configuration."""
        return tuple(stream(phase_order_seed, "phases").permutation(len(self._curves)).tolist())


def plan_of(config: PhasesConfig, curves: Sequence[RateCurve], most_tasks: int) -> DrawingPlan:
    """Return phases as numbers; see ``autoscaling_env.workload.DrawingPlan``.

    Raises:
        InputError: arrivals of a kind that looks at more than the rate.
    """
    common, expected = config.arrivals or ExactArrivals(), _expected(config.phases, curves)
    processes = [phase.arrivals or common for phase in config.phases]
    bounds = phase_bounds(curves, range(len(curves)))
    own = [replace(curve, time_s=start + curve.time_s) for curve, start in zip(curves, bounds[:-1], strict=True)]
    if not any(phase.arrivals for phase in config.phases) and not isinstance(common, ExactArrivals):
        own, expected, processes = [joined(curves, bounds[:-1], expected)], [sum(expected)], [common]
    phases, knots, first = [], [], 0
    for curve, mean, process in zip(own, expected, processes, strict=True):
        kind, cv, tasks = _as_numbers(process, mean)
        level, rate, slope = (
            part * (tasks / (curve.total or 1.0)) for part in (curve.cumulative, curve.rate, curve.slope)
        )
        knots.append(np.column_stack((curve.time_s, level, rate, np.append(slope, 0.0))))
        phases.append((kind, tasks, cv, first, first + len(level), np.nextafter(curve.time_s[-1], 0.0)))
        first += len(level)
    service, deadline = config.service, config.deadline
    return DrawingPlan(
        np.array(phases),
        np.concatenate(knots),
        bounds[:-1].copy(),
        most_tasks,
        service.distribution,
        (service.min_s, service.max_s),
        (deadline.coefficient, deadline.floor_s, deadline.cap_s),
    )


def _as_numbers(process: ArrivalsConfig, expected: float) -> tuple[int, float, float]:
    match process:
        case ExactArrivals():
            return 0, 0.0, float(round(expected))
        case PoissonArrivals():
            return 1, 1.0, expected
        case GammaArrivals():
            return 1, process.cv, expected
    raise InputError(
        f"workload.arrivals {process.kind}: cannot be drawn on a device; exact, poisson and gamma can, and any on this "
        "machine (draw='host')"
    )


def _expected(phases: Sequence[AnyPhase], curves: Sequence[RateCurve]) -> list[float]:
    """Return the number of tasks expected in each phase."""
    pairs = zip(phases, curves, strict=True)
    return [curve.total if phase.tasks is None else float(phase.tasks) for phase, curve in pairs]


def _counts(phases: Sequence[AnyPhase], curves: Sequence[RateCurve]) -> tuple[int, ...]:
    counts = tuple(round(expected) for expected in _expected(phases, curves))
    problems = [
        f"workload.phases.{index}.tasks: {count}: must be 0 where the rate is 0 throughout the phase"
        for index, (count, curve) in enumerate(zip(counts, curves, strict=True))
        if count and curve.total == 0
    ]
    if not 1 <= sum(counts) <= MAX_TASKS:
        problems.append(f"workload.phases: {sum(counts)} tasks in all; must be between 1 and {MAX_TASKS}")
    if problems:
        raise ConfigError(*problems)
    return counts


def _drawn_by(config: PhasesConfig, curves: Sequence[RateCurve], counts: Sequence[int]) -> DrawsArrivals:
    common = config.arrivals or ExactArrivals()
    processes = [phase.arrivals or common for phase in config.phases]
    if all(isinstance(process, ExactArrivals) for process in processes):
        return ExactPhases(curves, counts)
    expected = _expected(config.phases, curves)
    if all(isinstance(process, WindowedArrivals) for process in processes):
        return WindowedPhases(
            curves, counts, [each.window_s for each in processes if isinstance(each, WindowedArrivals)]
        )
    if any(phase.arrivals for phase in config.phases) or isinstance(common, WindowedArrivals):
        return SampledPhases(_each(config, processes, curves, expected))
    try:
        return OneProcess(common, curves, expected)
    except ValueError as error:
        raise ConfigError(f"workload.arrivals.{error}") from None


def _each(
    config: PhasesConfig, processes: Sequence[ArrivalsConfig], curves: Sequence[RateCurve], expected: Sequence[float]
) -> list[Arrivals]:
    found: list[Arrivals] = []
    problems = []
    for index, phase in enumerate(config.phases):
        try:
            found.append(arrivals_of(processes[index], curves[index], expected[index]))
        except ValueError as error:
            own = phase.arrivals is not None
            place = f"workload.phases.{index}.arrivals" if own else "workload.arrivals"
            problems.append(f"{place}.{error}" + ("" if own else f" (phase {index})"))
    if problems:
        raise ConfigError(*problems)
    return found
