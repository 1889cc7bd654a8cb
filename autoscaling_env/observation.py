"""What the agent sees: nine numbers, the last four from a sliding window over the farm's raw facts."""

from __future__ import annotations

from collections import deque

import numpy as np
from gymnasium.spaces import Box

from autoscaling_env.schema import OBSERVED
from autoscaling_env.types import BoolArray, FloatArray, Observation, Telemetry

#: The observation's fields, in order.
FIELDS: tuple[str, ...] = tuple(column.name for column in OBSERVED)

#: float32 counts exactly up to here; queues, times (s) and rates (tasks/s) are clipped to it.
LARGEST = float(2**24)


def observation_space(max_workers: int) -> Box[np.float32]:
    """Return the space of ``FIELDS``: bounds follow from what the numbers are, not from some old run."""
    high = np.full(len(FIELDS), LARGEST, dtype=np.float32)
    high[FIELDS.index("workers")] = max_workers
    high[FIELDS.index("qos_rate")] = 1
    return Box(np.zeros(len(FIELDS), dtype=np.float32), high, dtype=np.float32)


class ObservationWindow:
    """Turns telemetry into observations; remembers what the last ``window_s`` seconds brought.

    A window with no finished task reads: both processing times = ``mean_service_s``, QoS = 1. The arrival
    rate is the difference of the enqueued counter over the time since the newest telemetry that is at
    least ``window_s`` old (else the oldest there is).
    """

    def __init__(self, window_s: float, mean_service_s: float, high: Observation) -> None:
        self._window_s = window_s
        self._mean_service_s = mean_service_s
        self._high = high
        self.qos_rate = 1.0  # the last observation's share, before rounding to float32
        self._finished: deque[Telemetry] = deque()
        self._counter: deque[tuple[float, int]] = deque()

    def reset(self, telemetry: Telemetry) -> Observation:
        """Forget everything; observe the fresh farm."""
        self._finished.clear()
        self._counter.clear()
        self._counter.append((telemetry.time_s, telemetry.enqueued_total))
        return self._vector(telemetry, self._mean_service_s, self._mean_service_s, 0.0, 1.0)

    def observe(self, telemetry: Telemetry) -> Observation:
        """Return float32[9] for the farm at ``telemetry.time_s``."""
        if len(telemetry.collected_s):
            self._finished.append(telemetry)
        response_s, met = self._in_window(telemetry.time_s - self._window_s)
        rate = self._arrival_rate(telemetry)
        if not len(response_s):
            return self._vector(telemetry, self._mean_service_s, self._mean_service_s, rate, 1.0)
        mean_s, qos = mean_in_order(response_s), int(np.count_nonzero(met)) / len(met)
        return self._vector(telemetry, mean_s, float(response_s.max()), rate, qos)

    def _in_window(self, since_s: float) -> tuple[FloatArray, BoolArray]:
        while self._finished and self._finished[0].collected_s[-1] < since_s:
            self._finished.popleft()
        if not self._finished:
            return np.empty(0), np.empty(0, dtype=np.bool_)
        chunks = [(t.collected_s, t.response_s, t.deadline_met) for t in self._finished]
        collected_s, response_s, met = (
            chunks[0] if len(chunks) == 1 else tuple(map(np.concatenate, zip(*chunks, strict=True)))
        )
        first = int(np.searchsorted(collected_s, since_s, side="left"))
        return response_s[first:], met[first:]

    def _arrival_rate(self, telemetry: Telemetry) -> float:
        since_s = telemetry.time_s - self._window_s
        while len(self._counter) > 1 and self._counter[1][0] <= since_s:
            self._counter.popleft()
        then_s, enqueued = self._counter[0]
        self._counter.append((telemetry.time_s, telemetry.enqueued_total))
        elapsed_s = telemetry.time_s - then_s
        return (telemetry.enqueued_total - enqueued) / elapsed_s if elapsed_s > 0 else 0.0

    def _vector(self, telemetry: Telemetry, mean_s: float, max_s: float, rate: float, qos: float) -> Observation:
        self.qos_rate = qos
        values = (
            telemetry.input_queue,
            telemetry.worker_queue,
            telemetry.result_queue,
            telemetry.output_queue,
            telemetry.workers_requested,
            mean_s,
            max_s,
            rate,
            qos,
        )
        return np.minimum(np.array(values, dtype=np.float32), self._high)


def mean_in_order(values: FloatArray) -> float:
    """Mean by adding from the first to the last: the order every engine can keep, so results agree to the bit."""
    return float(np.add.accumulate(values)[-1]) / len(values)
