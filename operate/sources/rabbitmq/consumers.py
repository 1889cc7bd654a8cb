"""Who takes messages from a queue: does it acknowledge them, and how many does it take at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autoscaling_env.errors import BackendError
from operate.sources.rabbitmq.management import Management, escaped

#: Channels that are looked at for a prefetch of all their consumers together.
MOST_CHANNELS = 20
COLUMNS = (
    "name", "type", "state", "arguments", "effective_policy_definition", "messages_ready", "messages_unacknowledged",
    "consumers", "consumer_details.ack_required", "consumer_details.prefetch_count", "consumer_details.channel_details",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Consumers:
    """Those of one queue.

    Attributes:
        count: of them.
        careless: that acknowledge nothing.
        unlimited: that acknowledge, and take as many as there are.
        prefetch: the most that one of the others takes at once; 0: there are no others.
        held: messages that all of them hold.
    """

    count: int
    careless: int
    unlimited: int
    prefetch: int
    held: int


def consumers_of(management: Management, told: Mapping[str, Any], within_s: float) -> Consumers:
    """Return the consumers in an answer about a queue, and ask about their channels where that is needed.

    Celery and others limit a channel, not its consumers: a consumer without a limit of its own may have one.
    """
    details: Sequence[Mapping[str, Any]] = told.get("consumer_details") or ()
    limits: list[int] = []
    channels: dict[str, int] = {}
    for each in details:
        if not each.get("ack_required", True):
            continue
        limit = int(each.get("prefetch_count") or 0)
        name = str((each.get("channel_details") or {}).get("name", ""))
        if not limit and name and (name in channels or len(channels) < MOST_CHANNELS):
            channels[name] = limit = channels[name] if name in channels else _of_channel(management, name, within_s)
        limits.append(limit)
    return Consumers(
        count=len(details),
        careless=len(details) - len(limits),
        unlimited=sum(not limit for limit in limits),
        prefetch=max(limits, default=0),
        held=int(told.get("messages_unacknowledged") or 0),
    )


def _of_channel(management: Management, name: str, within_s: float) -> int:
    try:
        told = management.get(f"channels/{escaped(name)}", within_s, columns="name,global_prefetch_count")
    except BackendError:
        return 0  # it has gone meanwhile
    return int(told.get("global_prefetch_count") or 0) if isinstance(told, dict) else 0
