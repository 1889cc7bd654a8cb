"""What emitter, worker and collector have in common: settings, connections, probes, patience with the server."""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from autoscaling_env.errors import AutoscalingError, BackendError, InputError
from live.clients import blocking_client, command_client
from live.errors import ServerFull, ServerRefused, ServerUnreachable, speaking_ours
from live.functions import health
from live.functions.settings import FunctionSettings, from_environment
from live.functions.signals import Signals, Stopped
from live.queues import Queues
from live.wire.keys import key
from live.wire.scripts import protocol

Answer = TypeVar("Answer")
#: Real seconds between attempts while the server does not answer or has no room.
PAUSE_S = 0.25


class Program:
    """Connections and manners of one function.

    Args:
        block_s: the longest a blocking pop of this function waits.
    """

    def __init__(self, settings: FunctionSettings, block_s: float) -> None:
        self.settings = settings
        self.born = time.monotonic()
        self.name = settings.name or own_name()
        self.signals = Signals(settings.drain_grace_s)
        url, secret = settings.redis_url, settings.password_file
        self.queues = Queues(command_client(url, password_file=secret), settings.farm, url)
        self._blocking = blocking_client(url, block_s, password_file=secret)
        self._seen_us = time.monotonic()
        self.ready = False

    def serve_probes(self) -> None:
        """Answer probes if a port was given."""
        health.serve(self.settings.http_host, self.settings.http_port, self.is_alive, lambda: self.ready)

    def alive(self) -> None:
        """Note that the main loop came round: what liveness means."""
        self._seen_us = time.monotonic()

    def is_alive(self) -> bool:
        """Return whether the main loop came round within the longest it may take."""
        return time.monotonic() - self._seen_us < self.settings.hang_s + 2 * self.settings.lease_s

    def wait_for_token(self, name: str, seconds: float) -> bool:
        """Block on list ``name`` for up to ``seconds``; True if a token came. Raises ``Stopped``."""
        self.alive()
        try:
            with self.signals.waiting(), speaking_ours(self.queues.where):
                return self._blocking.blpop([key(self.settings.farm, name)], timeout=seconds) is not None
        except Stopped:
            self._blocking.connection_pool.disconnect()
            raise

    def retry_until(self, ask: Callable[[], Answer]) -> Answer:
        """Ask until the server answers; being told to leave ends the patience with ``Stopped``."""
        while True:
            try:
                return ask()
            except (ServerUnreachable, ServerFull, ServerRefused) as error:
                log(self.name, "waiting", str(error))
                self.signals.sleep(PAUSE_S * (0.5 + random.random()))  # noqa: S311 - spreads retries out

    def log(self, event: str, detail: str = "") -> None:
        """Write one line of JSON to standard error."""
        log(self.name, event, detail)


def log(name: str, event: str, detail: str = "") -> None:
    """Write one line of JSON to standard error, where containers keep their logs."""
    line = {"at": round(time.time(), 3), "function": name, "event": event}
    print(json.dumps(line | ({"detail": detail} if detail else {})), file=sys.stderr, flush=True)


def own_name() -> str:
    """Return a name no other process has: host (a pod's name), process id, when it began."""
    return f"{socket.gethostname()}.{os.getpid()}.{time.time_ns() // 1_000_000 % 10**9}"


def run(main: Callable[[FunctionSettings], None], environment: Mapping[str, str] | None = None) -> int:
    """Run a function until it is told to leave; return its exit code. Errors are one line each."""
    try:
        settings = from_environment(environment)
        _check_protocol(settings.protocol)
        main(settings)
    except Stopped:
        return 0
    except AutoscalingError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1 if isinstance(error, BackendError) else error.exit_code
    return 0


def _check_protocol(controllers: str) -> None:
    """Refuse an image that was built earlier or later than the controller: it would lose tasks unseen."""
    if controllers not in {"", protocol()}:
        raise InputError(
            f"this image speaks queue protocol {protocol()}, the controller {controllers}: "
            "build the image from the controller's version"
        )
