"""How long a task takes: as the source tells, else from what busy workers finish, else as was believed at first."""

from __future__ import annotations

#: What is believed at first counts as so many tasks, and what was seen counts half after so many more.
BELIEVED, HALF_LIFE = 20.0, 100.0


class ServiceTime:
    """Mean seconds of work of a task.

    Where the source does not tell, the utilisation law does: the time that workers held tasks, over the tasks they
    finished (Denning and Buzen, "The Operational Analysis of Queueing Network Models", 1978). Both are summed before
    they are divided: the mean of quotients of few tasks is too high.

    Args:
        believed_s: until more is known.
    """

    def __init__(self, believed_s: float) -> None:
        self.mean_s = believed_s
        self.estimated = True
        self._work_s, self._tasks, self._unfinished_s = BELIEVED * believed_s, BELIEVED, 0.0

    def tell(self, service_s: float | None) -> None:
        """Take what the source says; None: nothing, as where no task was finished."""
        if service_s is not None and service_s > 0:
            self.mean_s, self.estimated = service_s, False

    def infer(self, busy: float, completed: float, elapsed_s: float) -> None:
        """Learn from workers of which ``busy`` held a task on average; what the source has told is better.

        Work of a time in which nothing was finished counts with the next task that is.
        """
        if not self.estimated or elapsed_s <= 0:
            return
        self._unfinished_s += busy * elapsed_s
        if completed < 1:
            return
        kept = 0.5 ** (completed / HALF_LIFE)
        self._work_s = kept * self._work_s + self._unfinished_s
        self._tasks = kept * self._tasks + completed
        self._unfinished_s = 0.0
        self.mean_s = self._work_s / self._tasks
