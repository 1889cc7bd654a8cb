"""Celery on either broker, as its own documentation has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from celery import Celery  # type: ignore[import-untyped]

from benchmarks.operate_scale_in import tasks

#: Of a task that is acknowledged after its work, as is recommended.
LATE = {"task_acks_late": True, "task_reject_on_worker_lost": True, "worker_prefetch_multiplier": 1}


def make_app(url: str, variant: str, **transport: Any) -> Celery:
    """Return somebody's application; ``early`` is Celery's own default, ``transport`` its broker_transport_options."""
    app = Celery("shop", broker=url)
    app.conf.update(
        task_default_queue="orders",
        task_ignore_result=True,
        worker_send_task_events=True,
        broker_connection_retry_on_startup=True,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_transport_options=transport,
        **({} if variant == "early" else LATE),
    )
    app.task(name="shop.work")(tasks.work)
    return app


class Queue:
    """A queue of Celery as its producers see it."""

    def __init__(self, url: str, **transport: Any) -> None:
        self._url, self._app = url, make_app(url, "early", **transport)
        self._connection = self._app.connection_for_write()

    def put(self, number: int, work_s: float) -> None:
        """Put a task; whoever it fails for tries again."""
        self._app.send_task("shop.work", (number, work_s), connection=self._connection, retry=False)

    def depth(self) -> int:
        """Return how many tasks wait."""
        channel: Any = self._connection.default_channel
        if self._url.startswith("redis"):
            return int(channel.client.llen("orders"))
        return int(channel.queue_declare("orders", passive=True).message_count)

    def clear(self) -> None:
        """Throw away what an earlier campaign left: the server is our own."""
        channel: Any = self._connection.default_channel
        if self._url.startswith("redis"):
            channel.client.flushall()
        else:
            channel.queue_delete("orders")

    def kept_back(self) -> int:
        """Return how many tasks of dead workers are nobody's until Redis' visibility timeout; RabbitMQ knows none."""
        channel: Any = self._connection.default_channel
        return int(channel.client.hlen("unacked")) if self._url.startswith("redis") else 0

    def source(self, watched: str) -> Mapping[str, Any]:
        """Return it as the settings of a source that looks at this address."""
        return {"kind": "celery", "url": watched, "queues": ["orders"]}

    def close(self) -> None:
        """Close the connection."""
        self._connection.release()
        self._app.close()


def work(url: str, variant: str, **transport: Any) -> None:
    """Be `celery -A shop worker -Q orders -c 1`; without what makes a start wait for other workers."""
    name = f"{os.environ['SCALE_IN_WORKER']}@here"
    quiet = ["--without-mingle", "--without-gossip", "-l", "ERROR"]
    make_app(url, variant, **transport).worker_main(["worker", "-Q", "orders", "-c", "1", "-n", name, *quiet])
