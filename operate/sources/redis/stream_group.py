"""What XINFO tells of a consumer group, in numbers that mean one thing each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group at one instant.

    Attributes:
        length: entries that stand in the stream, delivered or not.
        last_delivered: id of the last entry that was delivered.
        last_added: id of the last entry that came.
        pending: entries that were delivered and not acknowledged.
        lag: entries that were not delivered; None: the server does not know, see XINFO GROUPS.
        added: entries that ever came; None: the server is older than 7.0.
        delivered: entries that were ever delivered; None: the server does not know.
    """

    length: int
    last_delivered: bytes
    last_added: bytes
    pending: int
    lag: int | None
    added: int | None
    delivered: int | None

    @property
    def completed(self) -> int | None:
        """Entries that were ever delivered and are not pending; None: the server does not know."""
        return None if self.delivered is None else max(self.delivered - self.pending, 0)


def group_of(name: str, stream: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> Group | None:
    """Return the group of that name, of the answers of XINFO STREAM and XINFO GROUPS; None: there is none."""
    for told in groups:
        if told["name"] == name.encode():
            added, lag = stream.get("entries-added"), told.get("lag")
            return Group(
                length=int(stream["length"]),
                last_delivered=told["last-delivered-id"],
                last_added=stream["last-generated-id"],
                pending=int(told["pending"]),
                lag=lag,
                added=added,
                delivered=_delivered(added, lag, told.get("entries-read")),
            )
    return None


def names_of(groups: Sequence[Mapping[str, Any]]) -> str:
    """Return the names of the groups in an answer of XINFO GROUPS, for a message."""
    return ", ".join(sorted(each["name"].decode(errors="replace") for each in groups)) or "none"


def _delivered(added: int | None, lag: int | None, read: int | None) -> int | None:
    if read is None and added is not None and lag is not None:
        return added - lag
    return read


def id_s(entry: bytes) -> float:
    """Return the Unix time in seconds that an entry's id begins with."""
    return int(entry.partition(b"-")[0]) / 1e3


@dataclass(frozen=True, slots=True)
class Waiting:
    """Ids of the first entries that wait, oldest first, and how many were asked for."""

    ids: Sequence[bytes]
    most: int

    @property
    def whole(self) -> bool:
        """There are no others."""
        return len(self.ids) < self.most

    def estimate(self, group: Group) -> float:
        """Return how many wait: those counted; else those not delivered, deleted ones included.

        Where the server does not tell that either, as many as came in the time that their ids say.
        """
        counted = len(self.ids)
        if self.whole:
            return float(counted)
        if group.added is not None and group.delivered is not None:
            return float(min(max(group.added - group.delivered, counted), group.length))
        first, last, end = id_s(self.ids[0]), id_s(self.ids[-1]), id_s(group.last_added)
        if not first < last <= end:
            return float(group.length)
        guess = counted * (end - first) / (last - first)
        return float(round(min(max(guess, counted), group.length)))
