"""Celery, whatever its broker: `celery -A celery_shop worker -Q orders -c 1`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import redis
from celery import Celery  # type: ignore[import-untyped]

from benchmarks.operated.queues import Workers

COMMAND = "python3 -m celery -A celery_shop worker -Q orders -c 1 -l ERROR --without-mingle --without-gossip"


class CeleryQueue:
    """The queue `orders` of Celery.

    Args:
        url: of the broker, for this machine.
        pods_url: the same for pods.
        log: where the workers log.
        trigger: makes KEDA's own.
        left: says how many tasks wait and are in hands.
    """

    def __init__(
        self,
        url: str,
        pods_url: str,
        log: redis.Redis,
        trigger: Callable[[int], dict[str, Any]],
        left: Callable[[], Mapping[str, int]],
    ) -> None:
        self._log, self._left = log, left
        self._app = Celery("shop", broker=url)
        self._app.conf.update(task_default_queue="orders", task_ignore_result=True, broker_heartbeat=0)
        self._connection = self._app.connection_for_write()
        self.trigger = trigger
        self.workers = Workers(tuple(COMMAND.split()), {"BROKER_URL": pods_url}, fetch_s=0, startup_s=6.0)
        self.source: dict[str, Any] = {"kind": "celery", "url": url, "queues": ["orders"]}

    def clear(self) -> None:
        """Make it empty."""
        with self._app.connection_for_write() as connection:
            self._app.amqp.queues["orders"].bind(connection.default_channel).declare()
            self._app.amqp.queues["orders"].bind(connection.default_channel).purge()
        self._log.delete("done")

    def put(self, number: int, at_s: float, work_s: float) -> None:
        """Put a task."""
        self._app.send_task("shop.work", (number, at_s, work_s), connection=self._connection)

    def left(self) -> dict[str, int]:
        """Return how many wait and are in hands."""
        return dict(self._left())

    def close(self) -> None:
        """Close the connection."""
        self._connection.release()
        self._app.close()
