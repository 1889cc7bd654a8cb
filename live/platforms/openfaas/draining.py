"""How many workers of a function are leaving: the gateway does not tell, so it is inferred."""

from __future__ import annotations

from live.platform import Roster


class Leaving:
    """Counts workers that were told to leave and have not left yet, without knowing which they are.

    A removal of k replicas takes those that are not ready first and owes the roster the rest. A worker that
    signs off pays for one. Debts end after ``patience_s``, and whenever all wanted replicas are available: then
    every further worker in the roster is a leaving one.

    Args:
        patience_s: the longest a leaving worker may take (its drain grace, and a little more).
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._owed = 0
        self._until_s = 0.0
        self._names: frozenset[str] = frozenset()

    def fewer(self, removed: int, starting: int, now_s: float) -> None:
        """Note that ``removed`` replicas fewer are wanted, while ``starting`` had not registered yet."""
        if removed > starting:
            self._owed += removed - starting
            self._until_s = now_s + self._patience_s

    def seen(self, roster: Roster, now_s: float) -> None:
        """Take in the roster as just read."""
        names = frozenset(record.name for record in roster)
        self._owed = max(0, self._owed - len(self._names - names)) if now_s < self._until_s else 0
        self._names = names

    def all_available(self, replicas: int) -> None:
        """``replicas`` are wanted and as many are available, by a reading made after the last change."""
        self._owed = max(0, len(self._names) - replicas)

    @property
    def count(self) -> int:
        """Workers in the roster that are leaving."""
        return min(self._owed, len(self._names))
