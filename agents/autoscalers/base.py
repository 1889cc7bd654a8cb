"""What all industry autoscalers share: their own clock inside the episode."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

from agents.autoscalers.span import Span
from autoscaling_env.config import Config
from autoscaling_env.observation import standard
from autoscaling_env.types import Info, Observation


class Instants:
    """The instants ``first_s, first_s + period_s, ...`` of an episode, each handed out once."""

    def __init__(self, period_s: float, first_s: float) -> None:
        self.period_s, self._first_s = period_s, first_s
        self._count = 0

    def due(self, now_s: float) -> Iterator[float]:
        """Yield the instants up to and including ``now_s`` that have not been handed out."""
        while self._first_s + self._count * self.period_s <= now_s:
            instant_s = self._first_s + self._count * self.period_s
            self._count += 1
            yield instant_s


class RulePolicy(ABC):
    """A rule that decides at its own instants.

    In ``decide`` at time t it catches up with every instant since the last ``decide``, in order, and each sees what
    the pipeline of its metrics had by then: an environment shows a farm only at the ends of its steps, what was in
    between is a :class:`Span`. The answer is the target. Where actions are -1, 0, +1 the farm follows one worker a
    step, where they are targets it is there at once. Like ``spec.replicas`` in a cluster, the target is what the rule
    takes for the present count.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.target = 0
        self._seen: Info | None = None

    def reset(self) -> None:
        """Forget the episode."""
        self._seen = None

    def decide(self, observation: Observation, info: Info) -> int:
        """Let the rule decide what is due; return its target."""
        if self._seen is None:
            self.target = info["requested_workers"]
            self._start(info)
        span, self._seen = Span(self._seen or info, info), info
        self._catch_up(standard(observation, info), span)
        self.target = min(max(self.target, info["min_workers"]), info["max_workers"])
        return self.target

    @abstractmethod
    def _start(self, info: Info) -> None:
        """Make the rule's state for an episode that begins with ``info``."""

    @abstractmethod
    def _catch_up(self, observation: Observation, span: Span) -> None:
        """Set ``target`` by every decision due up to the end of ``span``, the step since the last one."""


def in_order(*series: Iterable[float]) -> list[tuple[float, int]]:
    """Return (instant, number of its series) of several series by time; at one instant, the first series first."""
    return sorted((instant_s, number) for number, instants in enumerate(series) for instant_s in instants)


def mean_service_s(config: Config, given_s: float | None) -> float:
    """Return the service time an operator would put down: ``given_s``, or the configured workload's mean."""
    return config.workload.service.distribution.mean_s if given_s is None else given_s
