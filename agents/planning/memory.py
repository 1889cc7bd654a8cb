"""What a planner remembers of an episode, from observation and ``info`` alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autoscaling_env.twin import FarmState
from autoscaling_env.types import BoolArray, FloatArray, Info


@dataclass(slots=True)
class Memory:
    """Arrivals, own requests, and what was collected of late.

    Attributes:
        window_s: how long a collected task counts for the observed QoS.
        arrived: tasks of each step since the episode began.
        requested_s: when each worker that is starting was requested, episode seconds, the newest last; those of
            before the episode are not in it.
        became_ready_s: the ages between which workers became ready in the last step: (after, until) each.
    """

    window_s: float
    arrived: list[int] = field(default_factory=list)
    requested_s: list[float] = field(default_factory=list)
    became_ready_s: list[tuple[float, float]] = field(default_factory=list)
    _seen: int = 0
    _missed: int = 0
    _collected: list[tuple[float, float, int, int]] = field(default_factory=list)

    def update(self, info: Info) -> None:
        """Remember what the last step brought; ``info`` is that of its end, or of the reset."""
        self.became_ready_s = []
        if info["step"] > 0:
            self._remember_arrivals(info)
            self._remember_starts(info)
            self._remember_collected(info)
        self._seen, self._missed = int(info["enqueued_total"]), int(info["qos_violations"])

    def state(self, info: Info) -> FarmState:
        """Return what is known of the farm now."""
        collected_s, met = self._window(float(info["time_s"]))
        return FarmState(
            ready=int(info["workers_ready"]),
            busy=int(info["busy_workers"]),
            starting=int(info["workers_starting"]),
            draining=int(info["workers_draining"]),
            collected_s=collected_s,
            met=met,
        )

    def ages_s(self, info: Info) -> FloatArray:
        """Return float64[starting], for how long each worker has been starting; those requested before: no time."""
        unknown = int(info["workers_starting"]) - len(self.requested_s)  # requested before the episode began
        return np.concatenate((np.zeros(unknown), float(info["time_s"]) - np.array(self.requested_s)))

    def _remember_arrivals(self, info: Info) -> None:
        """Spread what came while nobody looked evenly over the steps of that time."""
        came = int(info["enqueued_total"]) - self._seen
        steps = max(1, round(float(info["time_s"]) / float(info["step_duration_s"])) - len(self.arrived))
        self.arrived += np.diff(np.arange(steps + 1) * came // steps).tolist()

    def _remember_starts(self, info: Info) -> None:
        """Workers become ready from the oldest on, and are given up from the newest on."""
        now_s, begin_s = float(info["time_s"]), float(info["time_s"] - info["step_duration_s"])
        change, starting = int(info["applied_delta"]), int(info["workers_starting"])
        if change < 0:
            del self.requested_s[max(len(self.requested_s) + change, 0) :]
        self.requested_s += [begin_s] * max(change, 0)
        for since_s in self.requested_s[: max(len(self.requested_s) - starting, 0)]:
            self.became_ready_s.append((max(begin_s - since_s, 0.0), now_s - since_s))
        self.requested_s = self.requested_s[-starting:] if starting else []

    def _remember_collected(self, info: Info) -> None:
        now_s, missed = float(info["time_s"]), int(info["qos_violations"]) - self._missed
        self._collected.append((now_s - info["step_duration_s"], now_s, int(info["processed_in_step"]), missed))
        self._collected = [each for each in self._collected if each[1] > now_s - self.window_s]

    def _window(self, now_s: float) -> tuple[FloatArray, BoolArray]:
        """Return when tasks were collected, from now, and which were in time: as evenly as can be within a step."""
        times_s, met = [np.zeros(0)], [np.zeros(0, dtype=np.bool_)]
        for begin_s, end_s, count, missed in self._collected:
            place = np.arange(count)
            times_s.append(begin_s + (place + 0.5) / max(count, 1) * (end_s - begin_s) - now_s)
            met.append(place * missed // max(count, 1) == (place + 1) * missed // max(count, 1))
        at_s, in_time = np.concatenate(times_s), np.concatenate(met)
        recent = at_s >= -self.window_s
        return at_s[recent], in_time[recent]
