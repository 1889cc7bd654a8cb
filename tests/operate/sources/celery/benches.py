"""A real Celery worker on a real broker, held back and let go by its own remote control, for the contract."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import redis
from celery import Celery  # type: ignore[import-untyped]

from operate.reading import Fact, Reading
from operate.source import Source
from operate.sources.celery.settings import CelerySettings, celery_url
from tests.operate.sources.benches import SECRET
from tests.operate.sources.readings import read_of
from tests.places import ROOT
from tests.waiting import PATIENCE_S, until

SHOP = "tests.operate.sources.celery.shop"
QUEUE = "jobs"


class Shop:
    """The owner of the queue: an application, and one worker as a process of its own."""

    def __init__(
        self, broker: str, folder: Path, *options: str, name: str = "one@bench", pool: str = "threads"
    ) -> None:
        self.broker, self.log, self.name = celery_url(broker), folder / f"{name}.log", name
        self.options = ("--pool", pool, "-c", "32", "-Q", "idle", *options)
        self.app = Celery("shop", broker=self.broker, set_as_current=False)
        self.app.conf.update(task_send_sent_event=True, task_ignore_result=True, broker_connection_retry=False)
        self.process: subprocess.Popen[bytes] | None = None
        self.held = 0

    def start(self) -> None:
        command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", SHOP, "worker", *self.options]
        command += ["-n", self.name, "-l", "WARNING", "--without-mingle", "--without-gossip"]
        environment = os.environ | {"SHOP_BROKER": self.broker, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
        self.say("held")

    def say(self, command: str, **arguments: Any) -> Any:
        """Return what the worker answers to one of its own commands."""

        def answered() -> Any:
            with suppress(OSError):
                return self.app.control.broadcast(
                    command, arguments=arguments, destination=[self.name], reply=True, limit=1, timeout=1.0
                )

        answers = until(answered, lambda: f"{command}: the worker does not answer: {self.log.read_text()[-2000:]}")
        return answers[0][self.name]

    def put(self, tasks: int, **options: Any) -> None:
        for _ in range(tasks):
            self.app.send_task("shop.hold", **({"queue": QUEUE} | options))

    def take(self, tasks: int) -> None:
        self.held += tasks
        self.say("take", queue=QUEUE, tasks=self.held)
        self.until_held()

    def finish(self, tasks: int) -> None:
        self.held -= tasks
        self.say("finish", queue=QUEUE, left=self.held, tasks=tasks)
        self.until_held()

    def until_held(self) -> None:
        until(lambda: self.say("held") == self.held, f"{self.held} tasks run")

    def stop(self, *, kill: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(PATIENCE_S)
            self.process = None
        self.app.close()


class CeleryBench:
    """What the contract asks of a queue, done by a shop; its source listens from one test to the next."""

    secrets = (SECRET,)

    def __init__(self, shop: Shop, server: Any, source: Source) -> None:
        self.shop, self.server, self.source = shop, server, source

    def put(self, tasks: int) -> None:
        self.shop.put(tasks)

    def take(self, tasks: int) -> None:
        self.shop.take(tasks)

    def finish(self, tasks: int) -> None:
        self.shop.finish(tasks)

    def cut(self) -> None:
        self.server.kill()

    def mend(self) -> None:
        self.server.start()

    def stall(self) -> None:
        self.server.stall()

    def resume(self) -> None:
        self.server.resume()

    def contents(self) -> Any:
        """Return queues with what is in them, exchanges and who is bound to what."""
        queues = [(each["name"], each["messages"]) for each in self.server.manage("GET", "queues")]
        bindings = [(each["source"], each["destination"]) for each in self.server.manage("GET", "bindings")]
        exchanges = [each["name"] for each in self.server.manage("GET", "exchanges")]
        return sorted(queues), sorted(bindings), sorted(exchanges)

    def empty(self) -> None:
        with closing(self.shop.app.connection()) as connection, closing(connection.channel()) as channel:
            channel.queue_purge(QUEUE)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self.shop.held:
            self.shop.finish(self.shop.held)
        self.empty()

    def reset(self) -> None:
        """Wait until the source has seen that nothing is there."""
        self.clear()
        until(self._is_quiet, "all is gone")

    def _is_quiet(self) -> bool:
        reading = read_of(self.source) or Reading(backlog=1.0)
        known = Fact.IN_FLIGHT not in self.source.knows or reading.in_flight == 0
        return reading.backlog == 0 and known


class RedisShopBench(CeleryBench):
    """The same where the broker is Redis."""

    def stall(self) -> None:
        self.server._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.server._process.send_signal(signal.SIGCONT)

    def contents(self) -> Any:
        with closing(redis.Redis.from_url(self.server.url)) as admin:
            keys = sorted(key for key in admin.scan_iter() if b"mutex" not in key)  # workers' own, which comes and goes
            return {key: admin.dump(key) for key in keys}

    def empty(self) -> None:
        with closing(redis.Redis.from_url(self.server.url)) as admin:
            admin.delete(*CelerySettings(url="redis://h").keys(QUEUE))
