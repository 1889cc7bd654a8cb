"""One worker: a process, when it was started, and whether it was told to go."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

LAUNCH = (sys.executable, "-m", "operate.targets.processes.launch")


class Process:
    """A running worker.

    Args:
        command: program and arguments.
        env: environment variables beside our own.
        started_s: now.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], started_s: float) -> None:
        self.started_s = started_s
        self.draining = False
        self._child = subprocess.Popen(  # noqa: S603 - the command is the user's own
            [*LAUNCH, str(os.getpid()), *command],
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the controller, which then lets it finish its task
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def drain(self, number: signal.Signals) -> None:
        """Tell it once to finish its task and leave."""
        if not self.draining:
            self.draining = True
            self._child.send_signal(number)

    def ended(self) -> str | None:
        """Return how it ended, such as ``exit code 3``; None: it runs. Whoever asks takes its last traces away."""
        code = self._child.poll()
        if code is None:
            return None
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End it now, and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
