"""Whether the policy may decide: what was promised is kept, and what is seen is known ground."""

from __future__ import annotations

from operate.config import OperateConfig
from operate.controller.keeping import Keeping
from operate.guardrails.familiar import Familiar
from operate.guardrails.promise import Promise
from operate.guardrails.watchdog import Watchdog
from operate.sight.estimator import Sight


class Judge:
    """Keeps count of what is promised, and says when somebody simpler has to decide.

    Args:
        config: read for objective and guardrails.
        keeping: what earlier controllers remembered.
        highest_rate: tasks a second that the policy's history has at most; None: it has none.
    """

    def __init__(self, config: OperateConfig, keeping: Keeping, highest_rate: float | None) -> None:
        rails, objective = config.guardrails, config.objective
        self.promise = Promise(objective)
        self.watchdog: Watchdog | None = None
        if rails.watchdog is not None:
            self.watchdog = Watchdog(rails.watchdog, 1 - objective.share, keeping.watched)
            self.watchdog.down_until_s = keeping.down_until_s()
        self._familiar = Familiar(rails.familiar, highest_rate) if rails.familiar is not None else None

    def judge(self, sight: Sight, missed: float, ready: int, now_s: float, *, acted: bool) -> str:
        """Return why the policy must not decide, or "".

        Args:
            sight: what is seen.
            missed: tasks of it that were too late.
            ready: workers able to take tasks.
            now_s: monotonic.
            acted: the count of the step that ends now was ours.
        """
        done = float(len(sight.done_s))
        self.promise.add(now_s, done, missed)
        unfamiliar = self._unfamiliar(sight, ready)
        if self.watchdog is None:
            return unfamiliar
        if not acted:
            self.watchdog.watch(done, missed)
            return unfamiliar
        down = self.watchdog.judge(now_s, done, missed)
        if not down and self.watchdog.is_down(now_s):
            down = "the policy has stepped down"
        return down or unfamiliar

    def _unfamiliar(self, sight: Sight, ready: int) -> str:
        if self._familiar is None or sight.elapsed_s <= 0:
            return ""
        flow = sight.flow
        return self._familiar.judge(
            rate=flow.arrived / sight.elapsed_s,
            backlog=flow.backlog,
            ready=ready,
            completed=flow.completed,
            could_complete=ready * sight.elapsed_s / sight.service_s,
            counted="completed" not in flow.estimated,
        )
