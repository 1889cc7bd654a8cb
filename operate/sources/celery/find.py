"""Which queues of Celery `operate init` finds at an address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from operate.sources.celery.amqp_broker import AmqpQueues
from operate.sources.celery.find_managed import find_managed, found_beside
from operate.sources.celery.redis_broker import BINDING, is_celerys_own
from operate.sources.celery.settings import AMQP, REDIS, SEP, CelerySettings, redis_url
from operate.sources.rabbitmq.finding import managements
from operate.sources.rabbitmq.management import NoManagementError, NotThereError
from operate.sources.redis.doctor import MOST
from operate.sources.redis.server import RedisSection, RedisServer

#: Lists whose first message is looked at, and its bytes at most: nobody's large messages are carried about.
LOOKED_AT, MOST_BYTES = 2000, 1 << 20


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the queues of Celery at an address, the longest first.

    Raises:
        BackendError: it cannot be asked.
    """
    scheme = url.partition("://")[0]
    if scheme in REDIS:
        return _on_redis(url)
    if scheme in AMQP:
        return found_beside(url, managements(url)) or _by_amqp(url)
    try:
        return find_managed(url)
    except NoManagementError:
        return ()


def _on_redis(url: str) -> list[dict[str, Any]]:
    with closing(RedisServer(RedisSection(url=redis_url(url)))) as server:
        lists = set(server.keys("list"))
        bound = _bound(server)
        covers = {(prefix, queue): _lists_of(lists, f"{prefix}{queue}") for prefix, queue in bound}
        known = {key for keys in covers.values() for key in keys}
        for key in _with_tasks(server, sorted(lists - known)):
            queue = key.partition(SEP)[0]
            covers.setdefault(("", queue), _lists_of(lists, queue))
        found = sorted({key for keys in covers.values() for key in keys})
        lengths = server.ask(*(("LLEN", key) for key in found)) if found else []
    waiting = dict(zip(found, lengths, strict=True))
    order = sorted(covers, key=lambda each: (-sum(waiting[key] for key in covers[each]), each))
    return [_suggested(url, prefix, queue, covers[prefix, queue]) for prefix, queue in order[:MOST]]


def _bound(server: RedisServer) -> list[tuple[str, str]]:
    """Return prefix and name of the queues that kombu has noted, where Celery's remote control is noted beside them."""
    keys = [key for key in server.keys("set") if BINDING in key]
    split = [(key, key.partition(BINDING)[0]) for key in keys]
    own = {key for key, prefix in split if is_celerys_own(key, f"{prefix}{BINDING}")}
    prefixes = {prefix for key, prefix in split if key in own}
    noted = [(key, prefix) for key, prefix in split if prefix in prefixes and key not in own]
    answers = server.ask(*(("SMEMBERS", key) for key, _ in noted)) if noted else []
    found = {
        (prefix, member.rpartition(SEP.encode())[2].decode(errors="replace"))
        for (_, prefix), members in zip(noted, answers, strict=True)
        for member in members
    }
    return sorted(each for each in found if each[1])


def _lists_of(lists: set[str], key: str) -> list[str]:
    """Return the lists in which a queue's tasks stand, those of its priorities, too."""
    return sorted(each for each in lists if each == key or each.startswith(f"{key}{SEP}"))


def _with_tasks(server: RedisServer, keys: Sequence[str]) -> list[str]:
    """Return the lists that begin with a task of Celery: whoever sends none but with `send_task` notes no queue."""
    keys = keys[:LOOKED_AT]
    answers = server.ask_each(*(("LINDEX", key, -1) for key in keys)) if keys else []
    return [key for key, told in zip(keys, answers, strict=True) if isinstance(told, bytes) and _is_task(told)]


def _is_task(message: bytes) -> bool:
    if len(message) > MOST_BYTES:
        return False
    try:
        told = json.loads(message)
        return bool(told["headers"]["task"]) and "delivery_info" in told["properties"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False


def _suggested(url: str, prefix: str, queue: str, covers: Sequence[str]) -> dict[str, Any]:
    own = {"global_keyprefix": prefix} if prefix else {}
    return {"kind": "celery", "url": url, "queues": [queue], **own, "found": {"covers": list(covers)}}


def _by_amqp(url: str) -> list[dict[str, Any]]:
    """Return Celery's default queue, if it is there: the names of others nobody tells by AMQP."""
    settings = CelerySettings(url=url)
    with closing(AmqpQueues(settings)) as queues:
        try:
            queues.waiting()
        except NotThereError:
            return []
    return [{"kind": "celery", "url": url, "queues": list(settings.queues), "found": {"covers": list(settings.queues)}}]
