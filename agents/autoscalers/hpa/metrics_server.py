"""From workers to what an HPA on CPU is told: each pod's mean over metrics-server's window, some seconds old.

The chain is cAdvisor (in the kubelet), metrics-server, the HPA's controller, each with a period of its own; sources and
defaults are in docs/autoscalers.md. A busy worker uses all the CPU it requested, an idle one none, and Ready workers
share a step's work evenly.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.autoscalers.hpa.pods import new_pod, old_pod
from agents.autoscalers.hpa.resource import PodUsage
from agents.autoscalers.span import Span, in_progress, working
from agents.autoscalers.work import WorkEstimate
from autoscaling_env.types import Info


@dataclass(frozen=True, slots=True)
class Periods:
    """Seconds between two readings of a pod by cAdvisor, at least, and between two scrapes by metrics-server."""

    housekeeping_s: float
    resolution_s: float


class MetricsServer:
    """The pods of one farm and their metrics; before ``first`` the farm was for ever as ``first`` shows it.

    ``service_s`` is a guess of the mean service time.
    """

    def __init__(self, periods: Periods, first: Info, service_s: float) -> None:
        self._periods, self._work = periods, WorkEstimate(service_s)
        self._span = Span(first, first)
        self._now_s, self._cpu_s, self._rate = float(first["time_s"]), 0.0, _share(in_progress(first), working(first))
        self._made = int(first["workers_ready"])
        times = self._now_s, self._rate, periods.housekeeping_s, periods.resolution_s
        self._pods = [old_pod(number, *times) for number in range(self._made)]

    def advance(self, span: Span) -> None:
        """Let a step pass: pods come and go, share its work, and are read."""
        self._span = span
        if span.length_s <= 0:
            return
        self._now_s, self._cpu_s = span.start_s, self._counter_s(span.start_s)
        self._rate = _share(self._work.busy_seconds(span), span.worker_seconds)
        self._exchange(span)
        for pod in self._pods:
            pod.read(span.end_s, self._periods.housekeeping_s, self._counter_s)

    def scrape(self, time_s: float) -> None:
        """Let metrics-server scrape the pods at an instant of the present step."""
        for pod in self._pods:
            pod.scrape(time_s, self._periods.resolution_s)

    def metric(self, time_s: float) -> PodUsage:
        """Return what an HPA is told at an instant of the present step."""
        ready = [pod for pod in self._pods if pod.start[0] <= time_s]
        known = tuple(milli for pod in ready if (milli := pod.milli()) is not None)
        unready = max(0, int(self._span.now["requested_workers"]) - len(ready))
        return PodUsage(known, unready, missing=len(ready) - len(known))

    def _counter_s(self, time_s: float) -> float:
        """Return CPU seconds that one pod would have used by a time in the present step, had it always been there."""
        return self._cpu_s + self._rate * (time_s - self._now_s)

    def _exchange(self, span: Span) -> None:
        """Take away the newest pods at the start of the step, add those that became Ready: nobody saw when, so halfway.

        A request for fewer takes those still starting first; a farm may show that it was heeded only later.
        """
        asked, starting = int(span.now["applied_delta"]), int(span.before["workers_starting"])
        ready = int(span.now["workers_ready"])
        left = len(self._pods) - max(0, -asked - starting)
        came = min(max(0, ready - left), starting + max(0, asked))
        del self._pods[max(0, ready - came) :]
        middle_s = (span.start_s + span.end_s) / 2
        for _ in range(ready - len(self._pods)):
            self._pods.append(new_pod(self._made, (middle_s, self._counter_s(middle_s))))
            self._made += 1


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
