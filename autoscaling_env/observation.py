"""What the agent sees: nine numbers, the last four from a sliding window over the farm's raw facts, or others.

``environment.observation`` lists others: columns of the step, each with as many of its last values as are asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from autoscaling_env.config import Config
from autoscaling_env.errors import ConfigError, InputError, unknown_name
from autoscaling_env.schema import NUMBERS, OBSERVED, SAME, STANDARD
from autoscaling_env.types import BoolArray, FloatArray, Info, Observation, Telemetry

#: The fields of the standard observation, in order.
FIELDS: tuple[str, ...] = tuple(column.name for column in OBSERVED)

#: float32 counts exactly up to here; queues, times (s) and rates (tasks/s) are clipped to it.
LARGEST = float(2**24)
_SHARES, _SIGNED = ("qos_rate", "progress"), ("requested_delta", "applied_delta")


def observation_space(max_workers: int) -> Box[np.float32]:
    """Return the space of ``FIELDS``: bounds follow from what the numbers are, not from some old run."""
    return Box(np.zeros(len(FIELDS), dtype=np.float32), standard_high(max_workers), dtype=np.float32)


def standard_high(max_workers: int) -> Observation:
    """Return the upper bounds of ``FIELDS``."""
    return np.array([_bounds(name, max_workers)[1] for name in FIELDS], dtype=np.float32)


def _bounds(name: str, max_workers: int) -> tuple[float, float]:
    if name in _SHARES:
        return 0.0, 1.0
    if name in {"workers", "requested_workers"}:
        return 0.0, max_workers
    return (-LARGEST if name in _SIGNED else 0.0), LARGEST


@dataclass(frozen=True, slots=True)
class Layout:
    """What an observation holds.

    Attributes:
        entries: column of the step and how many of its last values, the oldest first; one entry after the other.
        max_workers: upper bound of the worker count.
        is_standard: none was configured, so it is ``FIELDS``.
    """

    entries: tuple[tuple[str, int], ...]
    max_workers: int
    is_standard: bool

    @classmethod
    def of(cls, config: Config) -> Layout:
        """Return the layout of a configuration.

        Raises:
            ConfigError: it names what no step has, or a column twice; every problem, one line each.
        """
        most, listed = config.farm.max_workers, config.environment.observation
        if listed is None:
            return cls(tuple((name, 1) for name in FIELDS), most, True)
        problems = [
            f"environment.observation.{place}: {unknown_name('field', each.field, NUMBERS)}"
            for place, each in enumerate(listed)
            if each.field not in NUMBERS
        ]
        names = [SAME.get(each.field, each.field) for each in listed]
        problems += [
            f"environment.observation.{place}: {listed[place].field!r} is seen already; say `history` for its past"
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if problems:
            raise ConfigError(*problems)
        return cls(tuple((name, each.history) for name, each in zip(names, listed, strict=True)), most, False)

    @property
    def own_names(self) -> tuple[str, ...]:
        """``names`` of an observation of one's own; of the standard one none, as models keep it."""
        return () if self.is_standard else self.names

    @property
    def names(self) -> tuple[str, ...]:
        """A name for every number: ``worker_queue[-1]`` is that of a step ago."""
        return tuple(
            f"{name}[-{past}]" if past else name for name, steps in self.entries for past in reversed(range(steps))
        )

    @property
    def low(self) -> Observation:
        """float32[o], lower bounds."""
        return self._of_all(0)

    @property
    def high(self) -> Observation:
        """float32[o], upper bounds."""
        return self._of_all(1)

    @property
    def space(self) -> Box[np.float32]:
        """The observation space."""
        return Box(self.low, self.high, dtype=np.float32)

    def _of_all(self, which: int) -> Observation:
        bounds = [_bounds(name, self.max_workers)[which] for name, steps in self.entries for _ in range(steps)]
        return np.array(bounds, dtype=np.float32)


def standard(observation: NDArray[np.float32], info: Info) -> NDArray[np.float32]:
    """Return the standard observation, of which ``FIELDS`` are the last axis, whatever the agent sees; of many, too."""
    told: NDArray[np.float32] = info.get(STANDARD.name, observation)
    return told[: len(observation)] if told.ndim > 1 else told


def sees_the_standard(agent: str, config: Config) -> None:
    """Raise ``InputError`` where an agent that learns from the standard observation would see another."""
    if config.environment.observation is not None:
        raise InputError(f"environment.observation: {agent} learns from the standard observation; leave it out")


class Seen:
    """Makes the observations of a layout, and remembers the past that they hold."""

    def __init__(self, layout: Layout) -> None:
        self._entries, self._low, self._high = layout.entries, layout.low, layout.high
        self._last = np.zeros(len(self._low), dtype=np.float32)

    def observe(self, value: Callable[[str], float], *, fresh: bool = False) -> Observation:
        """Return float32[o] for the step whose values are these; ``fresh``: there is no past, so it is as now."""
        seen, place = self._last.copy(), 0
        for name, steps in self._entries:
            past = seen[place : place + steps]
            now = np.float32(value(name))
            past[:-1] = now if fresh else past[1:].copy()
            past[-1] = now
            place += steps
        self._last = np.clip(seen, self._low, self._high)
        return self._last.copy()


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
        self.reals = (mean_service_s, mean_service_s, 0.0, 1.0)  # all of what it says, likewise
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
        self.qos_rate, self.reals = qos, (mean_s, max_s, rate, qos)
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
