"""A command run to its end in time, with as much of what it prints as is wanted, and nothing of it left behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

#: Of what is printed on standard error so much is kept, the last, bytes.
LAST_BYTES = 4096
#: Between two looks whether a command has ended that left somebody with its output open, in seconds.
LOOK_S = 0.02
_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        status: of its exit; negative: the signal that ended it; None: it was killed, being late or printing too much.
        out: what it printed; more than was wanted where it printed too much.
        last: the last line that is not empty on its standard error.
    """

    status: int | None
    out: bytes
    last: str


class Command:
    """Runs one command, again and again.

    Args:
        words: the program and its arguments; no shell reads them.
        environment: variables beside those of this process.
        most_bytes: a command that prints more is killed.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], most_bytes: int) -> None:
        self._words, self._environment, self._most_bytes = list(words), dict(environment), most_bytes
        self._running: subprocess.Popen[bytes] | None = None

    def run(self, within_s: float) -> Ended:
        """Return how it ended; what it has started and left running is killed with it.

        Raises:
            OSError: it cannot be started.
        """
        until = time.monotonic() + within_s
        with subprocess.Popen(  # noqa: S603 - it is the user's own, and no shell reads it
            self._words, env=os.environ | self._environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            self._running = process
            try:
                out, error = self._collect(process, until)
                status = self._status(process, out, until)
            finally:
                _kill(process)
                if self._running is process:
                    self._running = None
        lines = [line for line in error.decode(errors="replace").splitlines() if line.strip()]
        return Ended(status, out, lines[-1].strip() if lines else "")

    def kill(self) -> None:
        """Kill what runs now, with all that it started; nothing where nothing runs."""
        if (process := self._running) is not None:
            _kill(process)

    # -- inside

    def _collect(self, process: subprocess.Popen[bytes], until: float) -> tuple[bytes, bytes]:
        """Return what it prints until it has ended, is late, or prints too much."""
        out, error = bytearray(), bytearray()
        with selectors.DefaultSelector() as selector:
            for pipe, kept in (process.stdout, out), (process.stderr, error):
                selector.register(pipe, selectors.EVENT_READ, kept)  # type: ignore[arg-type]  # both are pipes
            while selector.get_map() and (left_s := until - time.monotonic()) > 0:
                ended = process.poll() is not None
                ready = selector.select(0 if ended else min(left_s, LOOK_S))
                if ended and not ready:  # somebody whom it started holds the output open
                    break
                for key, _ in ready:
                    if told := os.read(key.fd, _AT_ONCE):
                        key.data.extend(told)
                    else:
                        selector.unregister(key.fileobj)
                del error[:-LAST_BYTES]
                if len(out) > self._most_bytes:
                    break
        return bytes(out), bytes(error)

    def _status(self, process: subprocess.Popen[bytes], out: bytes, until: float) -> int | None:
        if len(out) > self._most_bytes:
            return None
        with suppress(subprocess.TimeoutExpired):
            return process.wait(max(until - time.monotonic(), 0.0))
        return None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
