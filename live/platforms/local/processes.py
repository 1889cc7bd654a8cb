"""The processes of a farm on this machine, as their owner sees them: start, signal, and what has ended."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from autoscaling_env.errors import BackendError
from live.functions.settings import PREFIX

logger = logging.getLogger(__name__)

#: Most bytes looked at for the last lines of the log.
LOG_TAIL = 65_536
#: Called from a thread of its own with (name, how it ended).
Ended = Callable[[str, str], None]


class Processes:
    """Owns a guardian process (``live.functions.guardian``) and, through it, everything else.

    Attributes:
        directory: private, short; the guardian makes it, and it goes when this object is closed or its process dies.
        pids: name -> process id of what runs.
    """

    def __init__(self) -> None:
        self.directory = Path(tempfile.gettempdir()) / f"farm-{secrets.token_hex(4)}"
        self.pids: dict[str, int] = {}
        self._ended: list[Ended] = []
        self._ready: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._log = tempfile.TemporaryFile()  # without a name: nothing to leave behind  # noqa: SIM115
        self._guardian = _start_guardian(self.directory, self._log)
        self._reader = threading.Thread(target=self._read, daemon=True, name="processes")
        self._reader.start()

    def wait_ready(self, seconds: float) -> None:
        """Wait until the guardian takes orders.

        Raises:
            BackendError: it does not start.
        """
        try:
            ready = self._ready.get(timeout=seconds)
        except queue.Empty:
            ready = False
        if not ready:
            raise BackendError(f"the farm's processes do not start: {self.log_tail()}")

    def on_end(self, listener: Ended) -> None:
        """Call ``listener`` whenever a process ends."""
        self._ended.append(listener)

    def start(self, name: str, program: str, environment: Mapping[str, str]) -> None:
        """Start one of our programs; returns at once."""
        self._send(do="start", name=name, program=program, environment=dict(environment), asked=time.monotonic())

    def run(self, name: str, arguments: list[str]) -> None:
        """Start another program; returns at once."""
        self._send(do="run", name=name, arguments=arguments)

    def terminate(self, name: str) -> None:
        """Tell ``name`` to leave."""
        self._send(do="signal", name=name, signal=int(signal.SIGTERM))

    def kill(self, name: str) -> None:
        """End ``name`` now."""
        self._send(do="signal", name=name, signal=int(signal.SIGKILL))

    def log_tail(self, lines: int = 5) -> str:
        """Return the last lines the functions wrote."""
        if self._log.closed:
            return "(no log)"
        size = os.fstat(self._log.fileno()).st_size
        text = os.pread(self._log.fileno(), LOG_TAIL, max(0, size - LOG_TAIL)).decode("utf-8", "replace")
        return " | ".join(text.splitlines()[-lines:]) or "(the log is empty)"

    def close(self) -> None:
        """End everything and remove the directory. May be called twice."""
        self._ended.clear()
        if self._guardian.stdin:
            with contextlib.suppress(BrokenPipeError):  # the guardian was killed
                self._guardian.stdin.close()
        try:
            self._guardian.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._guardian.kill()
            self._guardian.wait()
        self._reader.join(timeout=5)
        if self._guardian.stdout:
            self._guardian.stdout.close()
        self._log.close()
        shutil.rmtree(self.directory, ignore_errors=True)  # if the guardian was killed, it could not

    def _send(self, **command: Any) -> None:
        line = json.dumps(command).encode() + b"\n"
        try:
            with self._lock:
                assert self._guardian.stdin is not None  # noqa: S101 - made with PIPE
                self._guardian.stdin.write(line)
                self._guardian.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise BackendError("the farm's processes are gone: their parent was killed; start again") from None

    def _read(self) -> None:
        stdout: IO[bytes] = self._guardian.stdout  # type: ignore[assignment]
        for line in stdout:
            event = _event(line)
            if event is None:
                self._show(line)
            else:
                self._hear(event)
        self._ready.put(False)

    def _show(self, line: bytes) -> None:
        """Show what some package printed while it was imported: the guardian's own words begin later."""
        os.write(self._log.fileno(), line)
        logger.warning("the farm's processes say: %s", line.decode("utf-8", "replace").rstrip())

    def _hear(self, event: dict[str, Any]) -> None:
        if event["event"] == "ready":
            self._ready.put(True)
        elif event["event"] == "started":
            self.pids[event["name"]] = event["pid"]
        else:
            self.pids.pop(event["name"], None)
            for listener in self._ended:
                listener(event["name"], event["how"])


def _event(line: bytes) -> dict[str, Any] | None:
    """Return what the guardian reports; None: the line is not its own."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and {"event", "name"} <= set(event) else None


def _start_guardian(directory: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start it in a session of its own: Ctrl-C reaches the controller alone, which decides what becomes of the farm.

    It imports nothing from the current folder (-P): a ``queue.py`` or ``redis.py`` of the user's is not what it means.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", "live.functions.guardian", str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
        env=clean,
    )
