"""Somebody's ordinary Celery application, and two words to its worker: take so many tasks, finish so many."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery import Celery  # type: ignore[import-untyped]
from celery.worker import control  # type: ignore[import-untyped]

app: Any = Celery("shop", broker=os.environ.get("SHOP_BROKER", "redis://"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_send_sent_event=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
)
commands: Any = control
_may_finish = threading.Semaphore(0)


@app.task(name="shop.hold")  # type: ignore[untyped-decorator]
def hold() -> None:
    """Work until it is told to finish."""
    _may_finish.acquire(timeout=120)


@app.task(name="shop.work")  # type: ignore[untyped-decorator]
def work(seconds: float) -> None:
    """Work for so long."""
    time.sleep(seconds)


@commands.control_command(args=[("queue", str), ("tasks", int)])  # type: ignore[untyped-decorator]
def take(state: Any, queue: str, tasks: int) -> dict[str, int]:
    """Let the worker hold so many tasks, and take no others: the broker gives no more than what is unacknowledged."""
    consumer = state.consumer
    if tasks:
        _prefetch(consumer.qos, tasks)
        consumer.add_task_queue(queue)
    else:
        consumer.cancel_task_queue(queue)
    return {"tasks": tasks}


@commands.control_command(args=[("queue", str), ("left", int), ("tasks", int)])  # type: ignore[untyped-decorator]
def finish(state: Any, queue: str, left: int, tasks: int) -> dict[str, int]:
    """Let so many of those that are held end, and take no others in their place."""
    if left:
        _prefetch(state.consumer.qos, left)
    else:
        state.consumer.cancel_task_queue(queue)
    _may_finish.release(tasks) if tasks else None
    return {"left": left}


@commands.inspect_command()  # type: ignore[untyped-decorator]
def held(state: Any) -> int:
    """Return how many tasks run."""
    from celery.worker.state import active_requests  # type: ignore[import-untyped]

    return len(active_requests)


def _prefetch(qos: Any, tasks: int) -> None:
    qos.value = tasks
    qos.set(tasks)
