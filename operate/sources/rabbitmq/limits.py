"""What a queue's own arguments and policies do to tasks and to what is counted of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

#: What removes a message that nobody has worked on, and in which words it is said.
REMOVES = {
    "message-ttl": "tasks that wait for {} ms are removed",
    "max-length": "beyond {} tasks the oldest are removed, or new ones refused",
    "max-length-bytes": "beyond {} bytes the oldest tasks are removed, or new ones refused",
    "delivery-limit": "a task that was handed out {} times in vain is removed: each worker that is killed counts",
    "expires": "the queue itself is removed when it is unused for {} ms",
}


def limits_of(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a queue is limited by, by names without ``x-``; its own arguments and the policy that holds."""
    policy = told.get("effective_policy_definition") or {}
    own = {name.removeprefix("x-"): value for name, value in (told.get("arguments") or {}).items()}
    return (dict(policy) if isinstance(policy, dict) else {}) | own


def removals(told: Mapping[str, Any]) -> list[str]:
    """Return in words how tasks may vanish from a queue though nobody has worked on them."""
    limits = limits_of(told)
    said = [words.format(limits[name]) for name, words in REMOVES.items() if name in limits]
    if said and limits.get("dead-letter-exchange") is not None:
        said.append("they go to the dead letters")
    return said


def fed_by(queue: str, vhost: str, others: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the names of queues whose dead letters go into this one by the default exchange, as delayed retries do."""
    for each in others:
        limits = limits_of(each)
        leads_here = limits.get("dead-letter-routing-key", each.get("name")) == queue
        if each.get("vhost", vhost) == vhost and limits.get("dead-letter-exchange") == "" and leads_here:
            yield str(each.get("name"))
