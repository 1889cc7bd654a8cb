"""Somebody's Celery application: celery -A celery_shop worker -Q orders -c 1."""

import os

from celery import Celery  # type: ignore[import-untyped]
from shop import work  # type: ignore[import-not-found]

app = Celery("shop", broker=os.environ["BROKER_URL"])
app.conf.update(
    task_default_queue="orders",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_send_task_events=True,
    broker_connection_retry_on_startup=True,
)
app.task(name="shop.work")(work)
