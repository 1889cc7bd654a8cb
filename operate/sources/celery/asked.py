"""What Celery's workers say of themselves when they are asked: by `operate check` alone, for a question is a message.

It goes to the mailbox of every worker (``celery inspect``); each answers into a queue of ours that is gone afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from operate.sources.celery.settings import CelerySettings, celery_url
from operate.sources.rabbitmq.amqp import tls
from operate.sources.secret import password_in

#: Seconds in which workers answer a question.
ANSWERS_S = 1.0
#: What is asked of each task.
FIELDS = ("acks_late", "reject_on_worker_lost", "time_limit")
_REGISTERED = re.compile(r"^(?P<name>\S+)(?: \[(?P<fields>.*)\])?$")


@dataclass(frozen=True, slots=True)
class Asked:
    """One worker's answers.

    Attributes:
        name: as it calls itself.
        queues: from which it takes tasks.
        pool: how it runs them, such as ``prefork``.
        slots: tasks at once.
        prefetch: messages that it holds at most; 0: no limit.
        tasks: settings of each task that it knows, those of ``FIELDS``; Celery's own are left out.
        conf: what of its configuration is not as by default.
    """

    name: str
    queues: tuple[str, ...]
    pool: str
    slots: int
    prefetch: int
    tasks: Mapping[str, Mapping[str, str]]
    conf: Mapping[str, Any]


def ask(settings: CelerySettings) -> list[Asked]:
    """Return what each worker says, in the order of their names.

    Raises:
        Exception: the broker refuses, or does not answer.
    """
    from celery import Celery  # type: ignore[import-untyped]

    password = password_in(settings.password_file) if settings.password_file else ""
    app = Celery("autoscale", broker=celery_url(settings.url, password, settings.ca_file), set_as_current=False)
    app.conf.update(broker_connection_retry=False, broker_connection_timeout=ANSWERS_S)
    if settings.on_redis:
        kept = ("global_keyprefix", "fanout_prefix", "sep")
        options = {name: getattr(settings, name) for name in kept} | {"socket_timeout": 3 * ANSWERS_S}
        app.conf.broker_transport_options = options
    elif secured := tls(settings.rabbit):
        app.conf.broker_use_ssl = secured
    with closing(app), app.connection_for_write() as connection:  # none of those that Celery keeps for an address
        inspect = app.control.inspect(timeout=ANSWERS_S, connection=connection)
        stats = inspect.stats() or {}
        if not stats:
            return []
        queues, conf = inspect.active_queues() or {}, inspect.conf() or {}
        tasks = inspect.registered(*FIELDS) or {}
    return [
        _of(name, told, queues.get(name) or [], tasks.get(name) or [], conf.get(name) or {})
        for name, told in sorted(stats.items())
        if isinstance(told, dict)
    ]


def _of(name: str, stats: Mapping[str, Any], queues: list[Any], tasks: list[str], conf: Mapping[str, Any]) -> Asked:
    pool = stats.get("pool") or {}
    kind = str(pool.get("implementation", "")).partition(":")[0].rpartition(".")[2]
    slots = pool.get("max-concurrency")
    prefetch = stats.get("prefetch_count")
    return Asked(
        name=name,
        queues=tuple(str(each.get("name")) for each in queues),
        pool=kind,
        slots=slots if isinstance(slots, int) else 1,
        prefetch=prefetch if isinstance(prefetch, int) else 0,
        tasks=dict(each for each in map(_task, tasks) if not each[0].startswith("celery.")),
        conf=conf if isinstance(conf, dict) else {},
    )


def _task(line: str) -> tuple[str, dict[str, str]]:
    """Return name and settings of ``name [acks_late=True time_limit=30]``."""
    found = _REGISTERED.match(line)
    if found is None:
        return line, {}
    pairs = (each.partition("=") for each in (found["fields"] or "").split())
    return found["name"], {key: value for key, _, value in pairs}
