"""Workloads made of phases: an exact number of tasks in each, arriving at the phase's rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise

import numpy as np

from autoscaling_env.config.workload import AnyPhase, PhasesConfig
from autoscaling_env.errors import ConfigError
from autoscaling_env.rng import stream
from autoscaling_env.types import FloatArray, TaskBatch
from autoscaling_env.workload import StreamsByName
from workloads.rates import RateCurve, one_after_the_other, rate_curve
from workloads.service import DeadlineModel, ServiceModel

#: Tasks an episode may have: three float64 a task must fit into memory.
MAX_TASKS = 50_000_000
#: Orders of phases kept ready: all orders of five phases.
KEPT_ORDERS = 120


@dataclass(frozen=True, slots=True)
class FlatPlan:
    """One order of phases that are all flat: everything that does not depend on the seed.

    ``width_s`` ends one rounding below the phase, so no task leaves it.
    """

    offset_s: FloatArray
    width_s: FloatArray
    segment_start_s: FloatArray

    def arrivals(self, uniform: FloatArray) -> FloatArray:
        """Turn float64[..., tasks] in [0, 1) into sorted arrivals, in place."""
        uniform *= self.width_s
        uniform += self.offset_s
        uniform.sort()
        return uniform


@dataclass(frozen=True, slots=True)
class CurvedPlan:
    """One order of phases of which some are not flat: everything that does not depend on the seed.

    A task of the k-th phase that has tasks arrives where ``k + uniform`` tasks are expected on ``curve``.
    Rounding must not move it into a neighbour: its arrival is held in [earliest_s, latest_s].
    """

    slot: FloatArray
    curve: RateCurve
    earliest_s: FloatArray
    latest_s: FloatArray
    segment_start_s: FloatArray

    def arrivals(self, uniform: FloatArray) -> FloatArray:
        """Turn float64[..., tasks] in [0, 1) into sorted arrivals, in place."""
        uniform += self.slot
        uniform.sort()
        arrival_s = self.curve.when(uniform)
        np.maximum(arrival_s, self.earliest_s, out=arrival_s)
        return np.minimum(arrival_s, self.latest_s, out=arrival_s)


class PhasedWorkload:
    """Draws an inhomogeneous Poisson process conditioned on its count in each phase.

    The count of a phase is ``tasks`` or the rounded integral of its rate, and its arrivals lie in
    ``[start, end)`` of the phase. Arrivals come from the stream ``arrivals`` of the episode's seed,
    service times from ``service`` (the i-th task to arrive has the i-th draw, whatever the order of the
    phases), the order from the stream ``phases`` of ``phase_order_seed``.
    """

    def __init__(self, config: PhasesConfig) -> None:
        """Precompute what no seed changes.

        Raises:
            ConfigError: no tasks, too many, or tasks in a phase whose rate is 0 throughout.
        """
        self._config = config
        self._curves = [rate_curve(phase, config.base_rate_per_min / 60) for phase in config.phases]
        self._counts = _counts(config.phases, self._curves)
        self._service = ServiceModel(config.service)
        self._deadline = DeadlineModel(config.deadline, self._service.min_s, self._service.max_s)
        self._total = sum(self._counts)
        self._plan = self._planned(tuple(range(len(self._counts))))
        self._plans: dict[tuple[int, ...], FlatPlan | CurvedPlan] = {}

    @property
    def name(self) -> str:
        """What a table or plot calls it."""
        return self._config.name

    @cached_property
    def duration_s(self) -> float:
        """Seconds over which tasks arrive."""
        return float(sum(phase.duration_s for phase in self._config.phases))

    @cached_property
    def mean_service_s(self) -> float:
        """Mean service time in seconds, after clipping."""
        return self._service.mean_s()

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing was done to the source: the phases are what the configuration says."""
        return ()

    def draw(self, seed: int, phase_order_seed: int | None = None) -> TaskBatch:
        """Return the tasks of episode ``seed``; see the class for what comes from which stream."""
        arrival_s, service_s, deadline_s, segment_start_s = self.draw_from(partial(stream, seed), phase_order_seed)
        return TaskBatch(arrival_s, service_s, deadline_s, segment_start_s, seed)

    def draw_from(self, streams: StreamsByName, phase_order_seed: int | None = None) -> tuple[FloatArray, ...]:
        """Return arrival_s, service_s, deadline_s and segment_start_s; see ``DrawsRows``."""
        plan = self._plan if phase_order_seed is None else self._plan_of(self.order(phase_order_seed))
        arrival_s = plan.arrivals(streams("arrivals").random(self._total))
        service_s = self._service.draw(streams("service"), self._total)
        return arrival_s, service_s, self._deadline.of(service_s), plan.segment_start_s

    def order(self, phase_order_seed: int) -> tuple[int, ...]:
        """Return the order in which the phases run under this seed, as indices into the configuration."""
        return tuple(stream(phase_order_seed, "phases").permutation(len(self._counts)).tolist())

    def _plan_of(self, order: tuple[int, ...]) -> FlatPlan | CurvedPlan:
        # A plain dictionary: with functools.lru_cache on a method nothing that holds a workload could be pickled.
        if order not in self._plans:
            if len(self._plans) >= KEPT_ORDERS:
                self._plans.clear()
            self._plans[order] = self._planned(order)
        return self._plans[order]

    def _planned(self, order: tuple[int, ...]) -> FlatPlan | CurvedPlan:
        durations = [self._config.phases[index].duration_s for index in order]
        counts = [self._counts[index] for index in order]
        curves = [self._curves[index] for index in order]
        bounds = np.concatenate(([0.0], np.cumsum(durations)))
        bounds[-1] = self.duration_s  # one end for all orders, however the sum rounds
        start_s = bounds[:-1].copy()
        start_s.setflags(write=False)
        offset_s = np.repeat(start_s, counts)
        if all(curve.is_flat for curve in curves):
            widths = [_width_within(start, end) for start, end in pairwise(bounds.tolist())]
            return FlatPlan(offset_s, np.repeat(widths, counts), start_s)
        slots = np.cumsum([curve.total > 0 for curve in curves]) - 1.0
        latest_s = np.repeat(np.nextafter(bounds[1:], 0.0), counts)
        return CurvedPlan(np.repeat(slots, counts), one_after_the_other(curves, start_s), offset_s, latest_s, start_s)


def _counts(phases: Sequence[AnyPhase], curves: Sequence[RateCurve]) -> tuple[int, ...]:
    counts = [
        round(curve.total) if phase.tasks is None else phase.tasks for phase, curve in zip(phases, curves, strict=True)
    ]
    problems = [
        f"workload.phases.{index}.tasks: {count}: must be 0 where the rate is 0 throughout the phase"
        for index, (count, curve) in enumerate(zip(counts, curves, strict=True))
        if count and curve.total == 0
    ]
    if not 1 <= sum(counts) <= MAX_TASKS:
        problems.append(f"workload.phases: {sum(counts)} tasks in all; must be between 1 and {MAX_TASKS}")
    if problems:
        raise ConfigError(*problems)
    return tuple(counts)


def _width_within(start_s: float, end_s: float) -> float:
    """Return the largest width with ``start_s + width * share`` below ``end_s`` for shares up to 1."""
    width = end_s - start_s
    while start_s + width >= end_s:
        width = np.nextafter(width, 0.0) - np.spacing(end_s)
    return float(width)
