"""Steps down when more tasks are late than under the autoscaler that was there before."""

from __future__ import annotations

from operate.config import WatchdogConfig
from operate.guardrails.promise import Tally, Window

#: Fewer tasks than these say nothing.
LEAST = 20


class Watchdog:
    """Compares the misses while we act with those while we only watched.

    Where we never watched, the misses that the objective allows stand for the record. For the part of the window in
    which we have not acted yet the record stands, too: the first seconds after a hand-over show what was found there,
    and a policy that leaves everything late is seen in a share of the window all the same.

    Args:
        config: how much worse, for how long.
        may_miss: share of tasks that may be late.
        before: what was seen while somebody else decided.
    """

    def __init__(self, config: WatchdogConfig, may_miss: float, before: Tally | None = None) -> None:
        self._config, self._may_miss = config, may_miss
        self.before = before or Tally()
        self._now = Window(config.window)
        self._acted = Window(config.window)
        self._last_s: float | None = None
        self.down_until_s: float | None = None

    def watch(self, done: float, missed: float) -> None:
        """Count a tick in which somebody else decided."""
        self.before.done += done
        self.before.missed += missed
        self._last_s = None

    def judge(self, now_s: float, done: float, missed: float) -> str:
        """Count a tick in which we decided; return why the policy has to step down, or ""."""
        self._now.add(now_s, done, missed)
        self._acted.add(now_s, 0.0 if self._last_s is None else now_s - self._last_s, 0.0)
        self._last_s = now_s
        tally = self._now.tally
        if tally.done < LEAST or self.is_down(now_s):
            return ""
        record, acted_s = self.before.missed_share, min(self._acted.tally.done, self._config.window)
        usual, late, ours = max(record or 0.0, self._may_miss), tally.missed_share or 0.0, acted_s / self._config.window
        if late * ours + usual * (1 - ours) <= self._config.factor * usual:
            return ""
        self.down_until_s = now_s + self._config.pause
        self._now.clear()
        self._acted.clear()
        than = f"{record:.1%} before we acted" if record is not None else f"{self._may_miss:.1%} that may be"
        return f"{late:.1%} of tasks were late in the last {acted_s:.0f} s of ours, against {than}"

    def is_down(self, now_s: float) -> bool:
        """Whether the policy has stepped down."""
        return self.down_until_s is not None and now_s < self.down_until_s
