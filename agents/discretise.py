"""Observations as table keys: nine bin numbers, with edges that follow from the configuration."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config import Config
from autoscaling_env.observation import FIELDS
from autoscaling_env.types import FloatArray, Observation

#: Nine bin numbers, in the order of ``FIELDS``.
State: TypeAlias = tuple[int, ...]

#: The last queue edge, in full queues (``reward.queue_target``): a longer queue is one state.
FULL_QUEUES = 4.0
#: The last response-time edge, in typical deadlines.
DEADLINES = 4.0
#: The smallest share of missed deadlines told apart from none.
SMALLEST_MISS = 0.01


class Discretiser:
    """Maps an observation to a ``State``: per field, the number of edges at or below its value.

    Args:
        edges: field -> rising edges, float64[bins - 1]; a field without edges is always 0.
    """

    def __init__(self, edges: Mapping[str, FloatArray]) -> None:
        self.edges = {field: np.asarray(edges[field], dtype=np.float64) for field in FIELDS}
        self._lists = [self.edges[field].tolist() for field in FIELDS]

    def state(self, observation: Observation) -> State:
        """Return the state of one observation, float32[9]."""
        values = observation.tolist()
        return tuple([bisect_right(edges, value) for edges, value in zip(self._lists, values, strict=True)])

    def states(self, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return the states of many observations: int64[n, 9] for float32[n, 9]."""
        columns = [
            np.searchsorted(self.edges[field], observations[:, index].astype(np.float64), side="right")
            for index, field in enumerate(FIELDS)
        ]
        return np.stack(columns, axis=1)


def discretiser(config: Config) -> Discretiser:
    """Return the discretiser of ``agents.sarsa.bins`` for this farm, workload and objective."""
    bins = config.agents.sarsa.bins
    counts = (bins,) * len(FIELDS) if isinstance(bins, int) else bins
    named = dict(zip(FIELDS, counts, strict=True))
    return Discretiser({field: _edges(field, count, config) for field, count in named.items()})


def _edges(field: str, bins: int, config: Config) -> FloatArray:
    if bins == 1:
        return np.empty(0)
    match field:
        case "input_queue":
            return _even(0, _segments(config), bins)
        case "worker_queue" | "result_queue":
            return _log(1, 1 + FULL_QUEUES * config.reward.queue_target, bins)
        case "output_queue":
            return _log(1, 1 + _capacity_tasks_per_s(config) * _episode_s(config), bins)
        case "workers":
            return _even(config.farm.min_workers, config.farm.max_workers + 1, bins)
        case "arrival_rate":
            return _even(0, _capacity_tasks_per_s(config), bins)
        case "qos_rate":
            return _qos_edges(config.reward.target_qos, bins)
    return _times(config, bins)


def _even(low: float, high: float, bins: int) -> FloatArray:
    """Bins of equal width that split ``[low, high)``."""
    edges: FloatArray = np.linspace(low, high, bins + 1)[1:-1]
    return edges


def _log(low: float, high: float, bins: int) -> FloatArray:
    """One bin below ``low``, one from ``high`` on, and bins of equal ratio between."""
    edges: FloatArray = np.geomspace(low, high, bins - 1)
    return edges


def _times(config: Config, bins: int) -> FloatArray:
    """From the mean service time up: what lies below is a task that did not wait."""
    service_s = _mean_service_s(config)
    return _log(service_s, service_s * (1 + DEADLINES * config.workload.deadline.coefficient), bins)


def _qos_edges(target: float, bins: int) -> FloatArray:
    """Return the target, and below it bins of equal ratio in the share of deadlines missed."""
    allowed = min(max(1 - target, SMALLEST_MISS), 1 - SMALLEST_MISS)
    missed: FloatArray = np.geomspace(allowed, 1, bins)[-2::-1]
    return 1 - missed


def _segments(config: Config) -> int:
    workload = config.workload
    return len(workload.phases) if workload.kind == "phases" else workload.segments


def _mean_service_s(config: Config) -> float:
    return max(config.workload.service.distribution.mean_s, 1e-3)


def _capacity_tasks_per_s(config: Config) -> float:
    return config.farm.max_workers / _mean_service_s(config)


def _episode_s(config: Config) -> float:
    return config.environment.max_steps * config.environment.step_duration_s
