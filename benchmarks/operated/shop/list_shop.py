"""Somebody's worker, which knows nothing of us: takes a task, works, says when; SIGTERM ends it after that."""

import json
import os
import signal
import time

import redis

server = os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])
client, go_on = redis.Redis(*server, decode_responses=True), [True]
signal.signal(signal.SIGTERM, lambda *_: go_on.clear())
while go_on:
    if (task := client.blmove("tasks", "held", 1, "RIGHT", "LEFT")) is not None:
        told = json.loads(task) | {"start": time.time()}
        time.sleep(told["work"])
        told |= {"finish": time.time(), "worker": os.environ["HOSTNAME"]}
        books = client.pipeline()
        books.lrem("held", 1, str(task))
        books.rpush("done", json.dumps(told))
        books.incr("finished")
        books.execute()
