"""What `operate check` says of a Celery's queues: the broker, what is heard of its workers, and what they answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError, nearest
from autoscaling_env.farm_kind import Finding
from autoscaling_env.secrets import without_passwords
from operate.sources.celery.amqp_broker import AmqpEvents, AmqpQueues, said
from operate.sources.celery.asked import ask
from operate.sources.celery.asked_doctor import names, of_asked
from operate.sources.celery.books import SETTLES_S, Books
from operate.sources.celery.listener import GATHERS_S
from operate.sources.celery.redis_broker import RedisEvents, RedisQueues, bound_queues
from operate.sources.celery.settings import CelerySettings
from operate.sources.celery.told import Told
from operate.sources.promptly import Promptly

#: Seconds for what workers are asked; each of four questions waits for the slowest answer.
ASKED_WITHIN_S = 12.0


def examine(settings: Any) -> Sequence[Finding]:
    """Look at broker and queues, listen for some seconds, and ask the workers; tasks are left alone."""
    found = list(_queues(settings))
    if not found[0].ok:
        return found
    with ThreadPoolExecutor(1) as beside:  # both take some seconds
        heard = beside.submit(_heard, settings) if settings.events else None
        asked = list(_asked(settings))
        return [*found, *([heard.result()] if heard else []), *asked]


def _queues(settings: CelerySettings) -> Iterator[Finding]:
    queues = RedisQueues(settings) if settings.on_redis else AmqpQueues(settings)
    with closing(queues):
        try:
            told = queues.waiting()
            known = bound_queues(settings) if settings.on_redis else list(settings.queues)
        except AutoscalingError as error:
            yield Finding("broker", False, str(error), "correct source.url or source.queues, or start the broker")
            return
    held = f"; workers hold {told.held:.0f} messages {told.whose}" if told.held else ""
    yield Finding("broker", True, f"{queues.where}: {told.backlog:.0f} wait in {', '.join(settings.queues)}{held}")
    for remark in told.remarks:
        yield Finding("broker", False, remark, "give it what it lacks, or correct source.management_url")
    for queue in settings.queues:
        if queue not in known:
            there = f"there are: {names(known)}" if known else "no Celery has used this database yet"
            yield Finding(
                "queue", False, f"nobody has ever used {queue!r}{nearest(queue, known)}; {there}",
                "name it in source.queues, or wait for its first task; is the database in source.url the right one?",
            )  # fmt: skip


def _heard(settings: CelerySettings) -> Finding:
    """Listen for as long as it takes until every worker has said something."""
    books = Books(settings, time.monotonic, time.time)
    try:
        stream = RedisEvents(settings) if settings.on_redis else AmqpEvents(settings)
    except Exception as error:
        detail = str(error) if isinstance(error, AutoscalingError) else said(error, settings)
        return Finding("events", False, detail, "give the account what it needs, or set source.events: false")
    with closing(stream):
        books.begin()
        until_s = time.monotonic() + SETTLES_S + GATHERS_S
        while time.monotonic() < until_s:
            time.sleep(GATHERS_S)
            books.hear(stream.events())
        told = books.told(0.0)
    return _events(told)


def _events(told: Told) -> Finding:
    if not told.workers:
        return Finding("events", True, "no worker says anything now: none runs, or --without-heartbeat is set")
    detail = f"{len(told.workers)} workers are heard ({names(told.workers)})"
    if not told.remarks:
        return Finding("events", True, detail)
    return Finding("events", False, f"{detail}; {told.remarks[0]}", "as said: -E for the workers (or by configuration)")


def _asked(settings: CelerySettings) -> Iterator[Finding]:
    def hang_up() -> None:
        """Leave the question alone: its thread ends with the process."""

    try:
        workers = Promptly(settings.url.partition("://")[0], hang_up, ASKED_WITHIN_S)(lambda: ask(settings))
    except Exception as error:  # an account that may only read is enough for all but this
        why = without_passwords(" ".join(str(error).split())) or type(error).__name__
        yield Finding("workers", True, f"they could not be asked how they are set up, which takes a message: {why}")
        return
    yield from of_asked(settings, workers)
