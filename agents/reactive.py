"""The two reactive rules of the reference deployment, and rules that hold a constant worker count."""

from __future__ import annotations

from autoscaling_env.config.agents import ReactiveConfig
from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.types import Info, Observation

AVERAGE = FIELDS.index("avg_processing_time")
MAXIMUM = FIELDS.index("max_processing_time")
RATE = FIELDS.index("arrival_rate")

#: Seconds; no task is regarded as shorter than this.
SHORTEST_SERVICE_S = 0.1
#: Change of a worker count by less than this is not worth an action.
DEAD_BAND = 0.5


class Reactive:
    """Sizes the farm for the arrivals and the backlog it sees now (docs/design.md, section Reactive baselines).

    Args:
        config: horizon and safety factor.
        use_maximum: take the longest response of the window for the service time (ReactiveMaximum)
            instead of the mean (ReactiveAverage), and regard busy workers as wholly busy instead of half.
    """

    def __init__(self, config: ReactiveConfig, *, use_maximum: bool) -> None:
        self._config = config
        self._use_maximum = use_maximum
        self._adjustment = 1.0 if use_maximum else 0.5

    def reset(self) -> None:
        """Nothing to forget: the rule has no memory."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Add a worker if half a one is missing, remove one if half a one is too many: as published, one a step."""
        observation = standard(observation, info)
        service_s = self._service_s(observation)
        horizon_s = max(self._config.horizon_s, service_s, 1.0)
        delta = self._optimal(observation, info, service_s, horizon_s) - self._available(info, service_s, horizon_s)
        requested = int(info["requested_workers"])
        if delta >= DEAD_BAND:
            return requested + 1
        return requested - 1 if delta <= -DEAD_BAND else requested

    def _service_s(self, observation: Observation) -> float:
        average_s, maximum_s = float(observation[AVERAGE]), float(observation[MAXIMUM])
        return max(average_s, maximum_s if self._use_maximum else 0.0, SHORTEST_SERVICE_S)

    def _optimal(self, observation: Observation, info: Info, service_s: float, horizon_s: float) -> float:
        arrivals = float(observation[RATE]) * service_s
        backlog: float = info["worker_queue"] / horizon_s * service_s
        return max(1.0, (arrivals + backlog) * self._config.safety)

    def _available(self, info: Info, service_s: float, horizon_s: float) -> float:
        waiting = info["worker_queue"] + info["result_queue"] + info["output_queue"]
        active = max(0, info["enqueued_total"] - waiting)
        workers = info["requested_workers"]
        busy = min(workers, max(0, active - (active > 0))) / horizon_s * service_s * self._adjustment
        return float(workers) - float(busy)


class Static:
    """Goes to ``workers`` as fast as the actions allow, and stays there."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def reset(self) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Return the constant."""
        return self.workers


class External:
    """Leaves the count to whoever controls it; the episode is recorded like any other."""

    def reset(self) -> None:
        """Nothing to forget."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Keep what there is."""
        return int(info["requested_workers"])
