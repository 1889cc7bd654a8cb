"""How long tasks take and how much workers worked, from counts at the ends of steps."""

from __future__ import annotations

from agents.autoscalers.span import Span, finished, in_progress, waiting, working


class ServiceEstimate:
    """Mean service time from what a farm shows: Little's law for the workers, busy = throughput x service time.

    Starts from an operator's guess that counts as much as ``GUESS_TASKS`` finished tasks.
    """

    GUESS_TASKS = 20

    def __init__(self, guess_s: float) -> None:
        self._guess_s, self._busy_s, self._finished = guess_s, 0.0, 0.0

    def update(self, span: Span) -> float:
        """Take in one step; return seconds."""
        self._busy_s += span.mean(in_progress) * span.length_s
        self._finished += span.change(finished)
        return (self.GUESS_TASKS * self._guess_s + self._busy_s) / (self.GUESS_TASKS + self._finished)


class WorkEstimate:
    """Seconds that workers were busy in a step, all together.

    Two estimates, each good where the other is not. *Counting heads*: the mean of the tasks in hands at both ends,
    times the step; poor where many tasks come and go within it, because two instants say little of what was between
    them. *Counting tasks*: those started and finished, half each, times the mean service time; poor where few do.
    Their weights follow from the service time over the step's length. Where more tasks than workers wait, at both ends,
    nobody was idle, and counting heads is exact.
    """

    def __init__(self, guess_s: float) -> None:
        self._service = ServiceEstimate(guess_s)

    def busy_seconds(self, span: Span) -> float:
        """Return worker-seconds of work in the step, never more than there were workers."""
        service_s = self._service.update(span)
        heads = span.mean(in_progress) * span.length_s
        tasks = max(0.0, span.change(finished) + span.change(in_progress) / 2) * service_s
        share = 1.0 if _saturated(span) else service_s**2 / (service_s**2 + span.length_s**2)
        return min(share * heads + (1 - share) * tasks, span.worker_seconds)


def _saturated(span: Span) -> bool:
    return all(waiting(end) > 0 and waiting(end) >= working(end) for end in (span.before, span.now))
