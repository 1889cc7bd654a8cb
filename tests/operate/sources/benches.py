"""Queues in Redis as their owners use them, for the contract."""

from __future__ import annotations

import itertools
import json
import os
import signal
import time
from typing import Any

from operate.source import Source
from tests.live.servers import RunningServer

SECRET = "sesame"  # noqa: S105 - of a server that lives as long as a test
#: An account that may read, and not even ask for the time.
WATCHER = ("--user", "watcher", "on", f">{SECRET}", "~*", "resetchannels", "-@all", "+@read")


def watched(url: str) -> str:
    """Return the address as the watcher writes it."""
    return url.replace("unix://", f"unix://watcher:{SECRET}@")


class RedisBench:
    """What all queues in Redis have in common; the owner's connection is another one than the source's."""

    secrets = (SECRET,)

    def __init__(self, server: RunningServer, admin: Any, source: Source) -> None:
        self.server, self.admin, self.source = server, admin, source
        self.numbers = itertools.count()

    def cut(self) -> None:
        self.server.kill()

    def mend(self) -> None:
        self.server.start()

    def stall(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def contents(self) -> dict[bytes, Any]:
        return {key: self.admin.dump(key) for key in sorted(self.admin.keys())}

    def _signal(self, number: int) -> None:
        assert self.server._process is not None
        os.kill(self.server._process.pid, number)


class ListBench(RedisBench):
    """A reliable queue: LPUSH, LMOVE to a list of what is in hands, LREM, and a counter each."""

    def put(self, tasks: int) -> None:
        for _ in range(tasks):
            self.admin.lpush("jobs", json.dumps({"n": next(self.numbers), "meta": {"at": time.time()}}))
            self.admin.incr("jobs:arrived")

    def take(self, tasks: int) -> None:
        for _ in range(tasks):
            assert self.admin.lmove("jobs", "jobs:processing", "RIGHT", "LEFT")

    def finish(self, tasks: int) -> None:
        for _ in range(tasks):
            assert self.admin.rpop("jobs:processing")
            self.admin.incr("jobs:completed")


class StreamBench(RedisBench):
    """A stream and its group, as most use them."""

    def __init__(self, server: RunningServer, admin: Any, source: Source) -> None:
        super().__init__(server, admin, source)
        admin.xgroup_create("jobs", "workers", id="0", mkstream=True)
        self.held: list[bytes] = []

    def put(self, tasks: int) -> None:
        for _ in range(tasks):
            self.admin.xadd("jobs", {"n": next(self.numbers), "blob": b"\xff\xfe"})

    def take(self, tasks: int) -> None:
        ((_, entries),) = self.admin.xreadgroup("workers", "one", {"jobs": ">"}, count=tasks)
        assert len(entries) == tasks
        self.held += [entry for entry, _ in entries]

    def finish(self, tasks: int) -> None:
        done, self.held = self.held[:tasks], self.held[tasks:]
        assert self.admin.xack("jobs", "workers", *done) == tasks

    def contents(self) -> dict[bytes, Any]:
        return super().contents() | {b"info": self.admin.xinfo_stream("jobs", full=True)}
