"""A worker as anybody might have written it: takes a task from a list, works, counts it; SIGTERM ends it after that.

Run as ``python -m operate.demo.consumer URL QUEUE``; a task is a number: the seconds of its work.
"""

from __future__ import annotations

import signal
import sys
import time

from live.clients import command_client


def main() -> None:
    """Work until told to leave."""
    url, queue = sys.argv[1:]
    client, go_on = command_client(url), [True]
    signal.signal(signal.SIGTERM, lambda *_: go_on.clear())
    while go_on:
        task = client.lmove(queue, f"{queue}:held", "RIGHT", "LEFT")
        if task is None:
            time.sleep(0.05)
            continue
        time.sleep(float(task))
        client.lrem(f"{queue}:held", 1, task.decode() if isinstance(task, bytes) else task)
        client.incr(f"{queue}:done")


if __name__ == "__main__":
    main()
