"""Whether what is seen is what the policy can know: beyond it somebody simpler decides."""

from __future__ import annotations

from operate.config import FamiliarConfig

#: Workers that finish less than this share of what they should, while tasks wait, are explained by nothing we know.
SLOW = 0.25
#: So many times what they could finish, likewise.
FAST = 4.0
#: A flow below so many tasks says nothing.
LEAST = 5.0


class Familiar:
    """Looks for what neither policy nor twin explains.

    * The rate of arrivals is several times the highest of the policy's history (a model has no say there).
    * Workers finish far less than they should while tasks wait, or far more than they could: then the twin's worker is
      not what works there.

    Args:
        config: from where on.
        highest_rate: tasks a second that the policy knows; None: it is a rule, which knows no rates.
    """

    def __init__(self, config: FamiliarConfig, highest_rate: float | None) -> None:
        self._config, self._highest = config, highest_rate
        self._ticks = 0

    def judge(
        self, *, rate: float, backlog: float, ready: int, completed: float, could_complete: float, counted: bool
    ) -> str:
        """Return why this is unknown ground, or "".

        Args:
            rate: tasks a second that came.
            backlog: tasks that wait.
            ready: workers able to take tasks.
            completed: tasks finished in the tick.
            could_complete: what ready workers would finish in it, all of them busy.
            counted: ``completed`` is counted, not estimated from what the workers could do.
        """
        why = self._strange(rate, backlog, ready, completed, could_complete, counted)
        self._ticks = self._ticks + 1 if why else 0
        return why if self._ticks >= self._config.ticks else ""

    def _strange(
        self, rate: float, backlog: float, ready: int, completed: float, could_complete: float, counted: bool
    ) -> str:
        if self._highest is not None and rate > self._config.factor * self._highest:
            return f"{rate:.2f} tasks/s came, the policy knows at most {self._highest:.2f}"
        if not counted or could_complete < LEAST:
            return ""
        if backlog >= ready and completed < SLOW * could_complete:
            tasks = f"{completed:.0f} of about {could_complete:.0f} tasks"
            return f"{ready} ready workers finished {tasks} while {backlog:.0f} wait"
        if completed > FAST * could_complete:
            return f"{ready} ready workers finished {completed:.0f}, and could have finished about {could_complete:.0f}"
        return ""
