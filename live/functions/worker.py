"""The worker: takes one task at a time, works on it, says what came of it.

Run it with ``python -m live.functions.worker``; settings come from the environment (``live.functions.settings``).
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable

from autoscaling_env.errors import BackendError
from live.errors import ServerFull, ServerUnreachable
from live.functions.handlers import Handler, load, parse_task
from live.functions.heartbeat import Heartbeat
from live.functions.program import Program, run
from live.functions.settings import FunctionSettings
from live.functions.signals import Abandoned, Stopped
from live.queues import Claim, Settled, StaleEpisode

MIB = 1 << 20
MAX_REASON = 500


class Worker:
    """One worker's life: register, then claim, work, finish, until told to leave."""

    def __init__(self, settings: FunctionSettings, handler: Handler) -> None:
        self._program = Program(settings, settings.lease_s / 3)
        self._settings = settings
        self._handler = handler
        self._queues = self._program.queues
        self._signals = self._program.signals
        self._heartbeat = Heartbeat(self._program)
        self._episode = ""
        self._number = 0
        self._pid = os.getpid()

    def run(self) -> None:
        """Work until told to leave; a task in hand is finished, or handed back when the grace is up."""
        self._signals.install()
        self._program.serve_probes()
        try:
            self._start_up()
            while True:
                self._serve_episode()
        except Stopped:
            self._leave()

    def _start_up(self) -> None:
        self._program.retry_until(self._queues.episode)
        self._signals.sleep(self._program.born + self._settings.startup_delay_s - time.monotonic())
        self._heartbeat.start()

    def _serve_episode(self) -> None:
        self._episode = self._program.retry_until(self._register)
        if not self._episode:
            self._program.ready = False
            self._signals.sleep(0.2)
            return
        self._program.ready = True
        try:
            self._take_tasks()
        except StaleEpisode:
            self._heartbeat.idle("")
        except BackendError as error:
            self._program.log("waiting", str(error))
            self._signals.sleep(0.1)

    def _register(self) -> str:
        age_s = time.monotonic() - self._program.born
        return self._queues.register(self._program.name, socket.gethostname(), os.getpid(), age_s)

    def _take_tasks(self) -> None:
        claim = self._claim()
        while True:
            if claim is None:
                self._heartbeat.idle(self._episode)
                self._program.wait_for_token("wake", self._settings.lease_s / 3)
                claim = self._claim()
            else:
                claim = self._work(claim)

    def _claim(self) -> Claim | None:
        if self._signals.stopping:
            raise Stopped
        number = self._next_number()
        return self._program.retry_until(lambda: self._queues.claim(self._episode, self._program.name, number))

    def _next_number(self) -> int:
        self._number += 1
        return self._number

    def _work(self, claim: Claim) -> Claim | None:
        """Do the task and report; return the next one if there is one and nobody wants us gone."""
        self._heartbeat.holding(self._episode, claim)
        began = time.monotonic()
        outcome, value = self._outcome(claim)
        return self._report(claim, outcome, value, time.monotonic() - began)

    def _outcome(self, claim: Claim) -> tuple[str, str]:
        try:
            task = parse_task(claim.body, self._settings.time_scale, self._heartbeat.progress)
            with self._signals.working():
                value = self._handler(task)
            _end_if_forked(self._pid)
            return self._encoded(value)
        except Abandoned as error:
            return "returned", str(error)
        except (Exception, SystemExit) as error:  # whatever a handler does, the worker lives on
            _end_if_forked(self._pid)
            return "failed", f"{type(error).__name__}: {error}"[:MAX_REASON]

    def _encoded(self, value: object) -> tuple[str, str]:
        text = json.dumps(value)
        if len(text) > self._settings.max_result_bytes:
            return "failed", f"result of {len(text)} bytes; at most {self._settings.max_result_bytes} are allowed"
        return "done", text

    def _report(self, claim: Claim, outcome: str, value: str, work_s: float) -> Claim | None:
        number = None if self._signals.stopping else self._next_number()
        settled = self._insist(
            lambda: self._queues.finish(self._episode, self._program.name, claim, outcome, value, work_s, number)
        )
        if settled.state == "fenced":
            self._program.log("fenced", f"task {claim.task_id}: result came too late and was refused")
        if number is None and settled.next_claim is None:
            raise Stopped
        return settled.next_claim

    def _insist(self, finish: Callable[[], Settled]) -> Settled:
        """Report a result even while being told to leave: it is done, and must not be lost."""
        until = time.monotonic() + self._settings.drain_grace_s
        while True:
            try:
                return finish()
            except (ServerUnreachable, ServerFull) as error:
                if self._signals.stopping and time.monotonic() > until:
                    raise Stopped from None
                self._program.log("waiting", str(error))
                time.sleep(0.2)

    def _leave(self) -> None:
        self._program.ready = False
        self._heartbeat.stop()
        if self._episode:
            try:
                self._queues.leave(self._episode, self._program.name)
            except BackendError as error:
                self._program.log("left unannounced", str(error))


def _end_if_forked(pid: int) -> None:
    """Stop a handler's forked child that comes back from the handler from going on as a second worker."""
    if os.getpid() != pid:
        os._exit(0)


def limit_memory(megabytes: int) -> None:
    """Let this process have no more than ``megabytes`` of address space; a greedy task then gets a MemoryError."""
    if megabytes:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes * MIB, megabytes * MIB))


def main(settings: FunctionSettings) -> None:
    """Run one worker until it is told to leave."""
    handler = load(settings.handler)
    limit_memory(settings.memory_limit_mb)
    Worker(settings, handler).run()


if __name__ == "__main__":
    sys.exit(run(main))
