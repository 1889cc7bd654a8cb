"""What Celery says of tasks and workers: messages of its event exchange, read into what is needed of them.

An event is a dict with ``type``, ``timestamp`` (by the clock of who sent it) and ``hostname``; those of tasks come
several in one message. What is in their arguments and results is not looked at, nor kept.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]


def of_redis(payload: bytes) -> list[Event]:
    """Return the events of a message as kombu publishes it on Redis; none where it is no such message."""
    try:
        message = json.loads(payload)
        body = message["body"]
        if message.get("properties", {}).get("body_encoding") == "base64":
            body = b64decode(body)
        return of_body(body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def of_body(body: bytes | str) -> list[Event]:
    """Return the events in the body of a message; none where it is no JSON (event_serializer is another)."""
    try:
        told = json.loads(body)
    except (ValueError, TypeError, RecursionError):
        return []
    return list(_whole(told if isinstance(told, list) else [told]))


def _whole(told: Iterable[Any]) -> Iterable[Event]:
    for event in told:
        if (
            isinstance(event, dict)
            and isinstance(event.get("type"), str)
            and isinstance(event.get("hostname"), str)
            and isinstance(event.get("timestamp"), (int, float))
        ):
            yield event
