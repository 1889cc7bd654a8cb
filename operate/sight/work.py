"""How long a task takes: as the source tells, else from what busy workers finish, else as was believed at first."""

from __future__ import annotations

#: One estimate more moves the mean by this share of the difference.
WEIGHT = 0.1


class ServiceTime:
    """Mean seconds of work of a task.

    Where the source does not tell, the utilisation law does: workers that were all busy for t seconds and finished n
    tasks took (workers x t / n) seconds each (Denning and Buzen, "The Operational Analysis of Queueing Network Models",
    1978).

    Args:
        believed_s: until more is known.
    """

    def __init__(self, believed_s: float) -> None:
        self.mean_s = believed_s
        self.estimated = True

    def tell(self, service_s: float | None) -> None:
        """Take what the source says; None: nothing, as where no task was finished."""
        if service_s is not None and service_s > 0:
            self.mean_s, self.estimated = service_s, False

    def infer(self, busy: float, completed: float, elapsed_s: float) -> None:
        """Learn from workers that were busy throughout; what the source has told is better."""
        if not self.estimated or completed < 1 or busy < 1 or elapsed_s <= 0:
            return
        seen_s = busy * elapsed_s / completed
        weight = min(WEIGHT * completed**0.5, 0.5)  # of many tasks the mean is nearer
        self.mean_s += weight * (seen_s - self.mean_s)
