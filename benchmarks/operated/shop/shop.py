"""Somebody's task, whatever brings it: works, and writes in a log of its own what it did and when."""

import json
import os
import time

import redis

log = redis.Redis(os.environ["LOG_HOST"], int(os.environ["LOG_PORT"]))


def work(number: int, at: float, seconds: float) -> None:
    """Do task ``number``, which came at Unix time ``at``."""
    start = time.time()
    time.sleep(seconds)
    told = {"id": number, "at": at, "work": seconds, "start": start, "finish": time.time()}
    log.rpush("done", json.dumps(told | {"worker": os.environ["HOSTNAME"]}))
