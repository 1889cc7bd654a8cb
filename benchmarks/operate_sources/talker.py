"""Workers of Celery that tell of so many tasks a second, by Celery's own dispatcher: BROKER EVENTS_PER_S.

Each task has three events. They come from workers' names as a worker's do, and no task is run.
"""

from __future__ import annotations

import sys
import time
import uuid

from celery import Celery  # type: ignore[import-untyped]

WORKERS = 4
ENDS_S = 2.0


def main() -> None:
    """Talk until killed."""
    broker, per_s = sys.argv[1], float(sys.argv[2])
    app = Celery("talker", broker=broker)
    connection = app.connection_for_write()
    talkers = [
        app.events.Dispatcher(connection, hostname=f"worker{n}@talker", buffer_while_offline=False)
        for n in range(WORKERS)
    ]
    begin_s, sent, beaten_s = time.monotonic(), 0, 0.0
    while True:
        now_s = time.monotonic()
        if now_s - beaten_s > ENDS_S:
            beaten_s = now_s
            for talker in talkers:
                talker.send("worker-heartbeat", freq=2, active=1, processed=sent, sw_ident="talker")
        while sent < (now_s - begin_s) * per_s / 3:
            talker, task = talkers[sent % WORKERS], str(uuid.uuid4())
            talker.send("task-received", uuid=task, name="shop.work", args="()", kwargs="{}", retries=0)
            talker.send("task-started", uuid=task)
            talker.send("task-succeeded", uuid=task, result="None", runtime=0.5)
            sent += 1
        time.sleep(0.05)


if __name__ == "__main__":
    main()
