"""What the management tells of a queue, in numbers that mean one thing each, and how far they can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What is asked for; a name always comes, for an answer without any of these is no object at all.
COLUMNS = (
    "name", "type", "state", "messages_ready", "messages_unacknowledged", "consumers", "message_stats.publish",
    "message_stats.ack", "message_stats.deliver_no_ack", "message_stats.get_no_ack", "message_stats.redeliver",
    "consumer_details.ack_required", "consumer_details.prefetch_count",
)  # fmt: skip
#: States of a queue in which its figures are those of now; "live" is said where there are no statistics.
WORKING = frozenset({"running", "idle", "flow", "live", ""})


@dataclass(frozen=True, slots=True)
class Figures:
    """A queue as it was sampled.

    Attributes:
        kind: ``classic``, ``quorum`` or ``stream``.
        state: as the server calls it; "": it does not say.
        ready: messages that wait; None: there are no figures.
        unacknowledged: messages that consumers hold.
        published: messages that ever came by a channel, since the server has counted; None: it has not.
        acknowledged: messages that consumers ever acknowledged.
        handed_out: messages that ever were finished by being handed out, as nobody has to acknowledge them.
        redelivered: messages that were handed out once more.
        consumers: of each, whether it acknowledges, and how many messages it takes at once (0: any number).
    """

    kind: str
    state: str
    ready: int | None
    unacknowledged: int
    published: int | None
    acknowledged: int
    handed_out: int
    redelivered: int
    consumers: tuple[tuple[bool, int], ...]

    @property
    def counts(self) -> tuple[int | None, ...]:
        """All that changes when something happens in the queue."""
        return (
            self.ready, self.unacknowledged, self.published, self.acknowledged, self.handed_out, self.redelivered
        )  # fmt: skip

    @property
    def careless(self) -> int:
        """Consumers that do not acknowledge."""
        return sum(not acknowledges for acknowledges, _ in self.consumers)


def figures_of(told: Mapping[str, Any]) -> Figures:
    """Return the figures in an answer."""
    stats = told.get("message_stats")
    counted = stats if isinstance(stats, dict) else {}
    details = told.get("consumer_details") or ()
    ready = told.get("messages_ready")
    return Figures(
        kind=str(told.get("type") or "classic"),
        state=str(told.get("state") or ""),
        ready=None if ready is None else int(ready),
        unacknowledged=int(told.get("messages_unacknowledged") or 0),
        published=int(counted.get("publish", 0)) if counted else None,
        acknowledged=int(counted.get("ack", 0)),
        handed_out=int(counted.get("deliver_no_ack", 0)) + int(counted.get("get_no_ack", 0)),
        redelivered=int(counted.get("redeliver", 0)),
        consumers=tuple(
            (bool(each.get("ack_required", True)), int(each.get("prefetch_count") or 0)) for each in details
        ),
    )


class Freshness:
    """How old figures are that nobody dates.

    The server looks at its queues every few seconds and tells the same until it looks again. So what changed since the
    last question was sampled after it, and what did not is no older than the time between two samples.

    Args:
        period_s: seconds between two samples.
    """

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._counts: tuple[int | None, ...] | None = None
        self._asked_s, self._sampled_s = -period_s, -period_s

    def age_s(self, now_s: float, counts: tuple[int | None, ...]) -> float:
        """Return how many seconds old these may be."""
        if counts != self._counts:
            self._sampled_s = self._asked_s if self._counts is not None else now_s - self._period_s
            self._counts = counts
        self._asked_s = now_s
        return min(max(now_s - self._sampled_s, 0.0), self._period_s)


class Balance:
    """Whether what came and what went explains what is there; messages also come and go in ways that nobody counts.

    Counts of one answer were sampled some seconds apart, so only a difference that stays is one.

    Args:
        period_s: seconds between two samples.
    """

    #: A difference that counts as one: so many messages, and this share of all that came and went.
    LEAST, SHARE = 20, 0.2
    #: It has stayed after so many samples.
    STAYS = 4.0

    def __init__(self, period_s: float) -> None:
        self._stays_s = self.STAYS * period_s
        self._base: tuple[int, int, int] | None = None
        self._since_s: float | None = None
        self.uncounted = False
        """Messages come that are not counted as published, as dead letters of another queue are."""

    def lost(self, now_s: float, there: int, came: int, went: int) -> int:
        """Return how many messages were removed by nobody's acknowledgement and not told yet.

        Args:
            there: messages in the queue, waiting or held.
            came: counted as published.
            went: counted as acknowledged or handed out.
        """
        if self._base is None or came < self._base[1] or went < self._base[2]:
            self._base, self._since_s, self.uncounted = (there, came, went), None, False
            return 0
        gap = (there - self._base[0]) + (went - self._base[2]) - (came - self._base[1])
        flowed = (came - self._base[1]) + (went - self._base[2])
        if abs(gap) <= max(self.LEAST, self.SHARE * flowed):
            self._since_s, self.uncounted = None, False
            return 0
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s < self._stays_s:
            return 0
        if gap > 0:
            self.uncounted = True
            return 0
        self._base, self._since_s = (there, came, went), None
        return -gap
