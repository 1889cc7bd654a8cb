"""When added workers were asked for and when they were ready: what start-up delays are fitted to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from autoscaling_env.types import FloatArray
from live.history import Event


@dataclass(frozen=True, slots=True)
class StartLog:
    """One row per worker that was added during the episode and became ready. Episode seconds.

    Attributes:
        asked_s: float64[k], when ``scale_to`` asked for it.
        ready_s: float64[k], when it registered.
    """

    asked_s: FloatArray
    ready_s: FloatArray


class WorkerStarts:
    """Remembers the requests of one episode.

    Requests and arrivals are paired first to first: a platform starts workers in the order they are asked
    for, and which of two identical ones came first changes no distribution.
    """

    def __init__(self) -> None:
        self._asked_s: list[float] = []

    def asked(self, at_s: float, before: int, accepted: int, starting: int) -> None:
        """Note a scaling request that changed the count from ``before`` (of which ``starting`` were not ready yet)."""
        self._asked_s += [at_s] * max(0, accepted - before)
        cancelled = min(starting, max(0, before - accepted))
        if cancelled:
            del self._asked_s[-cancelled:]

    def log(self, events: Iterable[Event], zero_us: int, time_scale: float) -> StartLog:
        """Pair the requests with the workers that got ready after time 0.

        What was ready before the next request was made belongs to one that was cancelled too late.
        """
        asked_s, paired = iter(self._asked_s), []
        waiting = next(asked_s, None)
        for event in events:
            at_s = (event.at_us - zero_us) / (1e6 * time_scale)
            if waiting is not None and event.kind == "ready" and event.at_us > zero_us and at_s >= waiting:
                paired.append((waiting, at_s))
                waiting = next(asked_s, None)
        return StartLog(*np.array(paired, dtype=np.float64).reshape(-1, 2).T)
