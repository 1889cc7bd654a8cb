"""The worker's heartbeat: renews the lease of a task while it makes progress, and ends a worker that hangs."""

from __future__ import annotations

import os
import signal
import threading
import time

from autoscaling_env.errors import BackendError
from live.functions.program import Program
from live.queues import Claim, StaleEpisode

HUNG_EXIT_CODE = 70


class Heartbeat:
    """A thread that reports every third of a lease, unless a claim or a result just did.

    A handler without progress for ``hang_s`` is given up: the task is reported failed and the process ends,
    since a thread that hangs cannot be stopped. Its platform starts another worker.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._period_s = program.settings.lease_s / 3
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="heartbeat")
        self._held: tuple[str, Claim | None] = ("", None)
        self._contact = self._moved = time.monotonic()

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """Report no more."""
        self._stop.set()

    def holding(self, episode: str, claim: Claim) -> None:
        """Note that the worker has just been given ``claim``."""
        self._program.alive()
        self._held = (episode, claim)
        self._contact = self._moved = time.monotonic()

    def idle(self, episode: str) -> None:
        """Note that the worker has just asked for a task and got none."""
        self._held = (episode, None)
        self._contact = time.monotonic()

    def progress(self) -> None:
        """Note that the handler says that it gets on."""
        self._moved = time.monotonic()

    def _run(self) -> None:
        while not self._stop.wait(min(1.0, self._period_s / 2)):
            episode, claim = self._held
            now = time.monotonic()
            if claim is not None and now - self._moved > self._program.settings.hang_s:
                self._give_up(episode, claim)
            if episode and now - self._contact >= self._period_s:
                self._beat(episode, claim)

    def _beat(self, episode: str, claim: Claim | None) -> None:
        try:
            if self._program.queues.beat(episode, self._program.name, claim) == "unknown":
                self._register()
        except StaleEpisode:
            self._abandon(episode)
        except BackendError as error:
            self._program.log("no heartbeat", str(error))
        else:
            self._contact = time.monotonic()

    def _register(self) -> None:
        import socket

        age_s = time.monotonic() - self._program.born
        self._program.queues.register(self._program.name, socket.gethostname(), os.getpid(), age_s)

    def _abandon(self, episode: str) -> None:
        """Give up what the main thread works on: the episode is over."""
        if self._held[0] == episode:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _give_up(self, episode: str, claim: Claim) -> None:
        reason = f"no progress for {self._program.settings.hang_s:g} s"
        self._program.log("hung", f"task {claim.task_id}: {reason}")
        try:
            self._program.queues.finish(episode, self._program.name, claim, "failed", reason, 0.0, None)
            self._program.queues.leave(episode, self._program.name)
        except (BackendError, StaleEpisode) as error:
            self._program.log("hung, unannounced", str(error))
        os._exit(HUNG_EXIT_CODE)
