"""What is remembered over restarts, kept on disk as ticks go by."""

from __future__ import annotations

from pathlib import Path

from operate.controller.clocks import Clocks
from operate.controller.state import State
from operate.guardrails.promise import Tally
from operate.guardrails.watchdog import Watchdog


class Keeping:
    """A ``State`` in the terms of a running controller.

    Args:
        path: its file.
        clocks: tell time; monotonic times mean nothing in another process, so the file holds those on the wall.
        longest_s: no pause read back lasts longer: the clock on the wall may have been set since.
    """

    def __init__(self, path: Path, clocks: Clocks, longest_s: float = 7200.0) -> None:
        self._path, self._clocks, self._longest_s = path, clocks, longest_s
        self._state, remark = State.load(path)
        self._remarks = [remark] if remark else []
        self._failed = False

    @property
    def watched(self) -> Tally:
        """What was seen while somebody else decided."""
        return Tally(self._state.watched_done, self._state.watched_missed)

    @property
    def hours_today(self) -> float:
        """Worker-hours since midnight UTC."""
        return self._state.hours

    def hours(self, workers: int, seconds: float) -> None:
        """Count what workers cost; at midnight the count begins anew.

        A clock on the wall that was wrong for once, and is right again, comes back to the day that it left.
        """
        state, day = self._state, self._clocks.day()
        if day != state.day:
            back = state.other_hours if day == state.other_day else 0.0
            state.other_day, state.other_hours = state.day, state.hours
            state.day, state.hours = day, back
        state.hours += workers * max(0.0, seconds) / 3600

    def down_until_s(self) -> float | None:
        """Return until when the policy has stepped down, by the monotonic clock."""
        return self._monotonic(self._state.down_until) if self._state.down_until else None

    def hands_off_until_s(self) -> float:
        """Return until when nothing is written, likewise."""
        return self._monotonic(self._state.hands_off_until) if self._state.hands_off_until else self._clocks.now()

    def remark(self, text: str) -> None:
        """Keep a remark for the next record."""
        self._remarks.append(text)

    def take_remarks(self) -> tuple[str, ...]:
        """Return what went wrong since the last call, once."""
        remarks, self._remarks = tuple(self._remarks), []
        return remarks

    def save(self, watchdog: Watchdog | None, hands_off_until_s: float) -> None:
        """Write what is worth knowing; a disk that is full is said once, and stops nothing."""
        state, now_s = self._state, self._clocks.now()
        if watchdog is not None:
            state.watched_done, state.watched_missed = watchdog.before.done, watchdog.before.missed
            state.down_until = self._on_the_wall(watchdog.down_until_s) if watchdog.is_down(now_s) else 0.0
        state.hands_off_until = self._on_the_wall(hands_off_until_s) if hands_off_until_s > now_s else 0.0
        try:
            state.save(self._path)
            self._failed = False
        except OSError as error:
            if not self._failed:
                self._remarks.append(f"{self._path.name} cannot be written ({error.strerror}); a restart knows less")
            self._failed = True

    def _monotonic(self, wall: float) -> float:
        left_s = min(max(0.0, wall - self._clocks.wall()), self._longest_s)
        return self._clocks.now() + left_s

    def _on_the_wall(self, monotonic_s: float | None) -> float:
        return self._clocks.wall() + ((monotonic_s or 0.0) - self._clocks.now())
