"""What a policy is shown of somebody's queue: observation and ``info``, exactly as an environment would show them."""

from __future__ import annotations

import numpy as np

from autoscaling_env.actions import Actions
from autoscaling_env.info import computed
from autoscaling_env.observation import ObservationWindow, observation_space
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.step import EpisodeCounts, Step
from autoscaling_env.types import Info, Observation, ScaleOutcome, Telemetry
from operate.config import OperateConfig
from operate.reading import TargetState
from operate.sight.estimator import Sight
from operate.sight.flow import LEAST, SLACK, Flow


class Watch:
    """Turns sights into what an environment shows at the end of a step.

    What has no counterpart in somebody's queue is 0: input and result queue. Tasks of the episode are those that came.

    Args:
        config: read for interval, window, bounds and what is promised.
    """

    def __init__(self, config: OperateConfig) -> None:
        self._step_s, self._within_s = config.interval, config.objective.within_s
        self._window_s, self._service_s = config.observation_window, config.tasks.service_time
        self._until_started = config.objective.start_within is not None
        self._actions = Actions((), config.bounds.min, config.bounds.max)
        self._high = observation_space(config.bounds.max).high
        self.reset()

    def reset(self) -> None:
        """Begin an episode with the next sight."""
        self._window = ObservationWindow(self._window_s, self._service_s, self._high)
        self._counts = EpisodeCounts(0)
        self._outcome: ScaleOutcome | None = None
        self._begin_s: float | None = None
        self._arrived, self._completed = 0.0, 0.0
        self._requested = 0

    @property
    def began(self) -> bool:
        """Whether there was a step yet."""
        return self._begin_s is not None

    def decided(self, wanted: int, outcome: ScaleOutcome | None) -> None:
        """Note what was wanted, and what came of it where it was asked for."""
        self._outcome = outcome or ScaleOutcome(wanted, wanted, ScaleReason.OK)

    def show(self, sight: Sight, state: TargetState) -> tuple[Observation, Info]:
        """Return observation and info of the step that ends with this sight."""
        first = self._begin_s is None
        begin_s = self._begin_s = sight.time_s if self._begin_s is None else self._begin_s
        before = state.requested if first else self._requested
        telemetry = self._telemetry(sight, state, begin_s)
        if not first:
            self._counts.add(telemetry)
        self._counts.tasks = self._counts.processed + round(sight.flow.backlog + sight.flow.in_flight)
        observation = self._window.reset(telemetry) if first else self._window.observe(telemetry)
        outcome = self._outcome or ScaleOutcome(before, before, ScaleReason.OK)
        step = Step(
            telemetry,
            self._counts,
            outcome,
            outcome.requested - before,
            state.requested - before,
            0,
            self._actions,
            self._step_s,
        )
        self._requested = state.requested
        return observation, computed(step) | {"reward_terms": {}}

    def met(self, sight: Sight) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return bool[k]: which tasks of a sight kept what is promised."""
        return np.asarray(sight.took_s <= self._within_s)

    def _telemetry(self, sight: Sight, state: TargetState, begin_s: float) -> Telemetry:
        flow = sight.flow
        if begin_s == sight.time_s:  # what is there at the beginning came with the episode
            self._arrived = flow.backlog + flow.in_flight
        else:
            self._count(flow)
        ready = min(state.ready, state.requested)
        busy = min(ready, round(flow.in_flight))
        more_s = sight.service_s if self._until_started else 0.0
        return Telemetry(
            time_s=sight.time_s - begin_s,
            input_queue=0,
            worker_queue=round(flow.backlog),
            result_queue=0,
            output_queue=round(self._completed),
            workers_requested=state.requested,
            workers_ready=ready,
            workers_starting=state.requested - ready,
            workers_draining=state.draining + max(0, state.ready - state.requested),
            workers_busy=busy,
            enqueued_total=round(self._arrived),
            collected_s=sight.done_s - begin_s,
            response_s=sight.took_s + more_s,
            service_s=np.full(len(sight.done_s), sight.service_s),
            deadline_met=self.met(sight),
            stale=sight.estimated,
        )

    def _count(self, flow: Flow) -> None:
        """Keep totals that agree with what is there: tasks that nobody counted came and went all the same.

        Else a queue that was once emptied by hand would for ever seem to have that many tasks in workers' hands.
        """
        self._arrived += flow.arrived
        self._completed += flow.completed
        there = flow.backlog + flow.in_flight
        gap = there - (self._arrived - self._completed)
        if abs(gap) > max(LEAST, SLACK * there):
            self._arrived += max(0.0, gap)
            self._completed += max(0.0, -gap)
