"""The wanted number of workers of one object, as our own requests and a watch tell of it, and who else changed it."""

from __future__ import annotations

from live.platforms.kubernetes.client import Json
from live.platforms.kubernetes.owners import who_else


class Wanted:
    """A number that others may change, too. Its owner sees to it that one thread at a time uses it.

    Args:
        count: what it is taken to be before anything was told; None: nobody knows, so the first number is no change.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count
        self._version, self._sent = 0, -1
        self._changed_by: list[str] = []

    def sending(self, workers: int) -> None:
        """Note that a request of ours is under way, -1: none is.

        The watch may tell of it before its answer is here, or without one.
        """
        self._sent = workers

    def asked(self, answer: Json) -> int:
        """Take in the server's answer to a request of ours; return the number it took."""
        self._sent = -1
        self.count = int(answer.get("spec", {}).get("replicas", 0))
        self._version = max(self._version, int(answer["metadata"]["resourceVersion"]))
        return self.count

    def told(self, item: Json, count: int) -> None:
        """Take in the object as a watch tells it, with its wanted number; what is older than what is known is not."""
        version = int(item["metadata"]["resourceVersion"])
        if version <= self._version:
            return
        who = "" if count == self._sent else who_else(item)
        self._sent = -1 if count == self._sent else self._sent
        if self.count is not None and count != self.count and who:
            self._changed_by.append(f"{who} changed the workers from {self.count} to {count}")
        self.count, self._version = count, version

    def take_changed_by(self) -> str:
        """Return who else changed it since the last call, and forget it."""
        changes, self._changed_by = "; ".join(self._changed_by), []
        return changes
