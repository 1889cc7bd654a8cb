"""The controllers: processes that are started, killed, stopped and let go on, and what their journals say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autoscaling_env.files import atomic_write
from benchmarks.operate_faults.policy import FILE

#: Journals are looked at so often.
POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """A record of a journal.

    Attributes:
        at_s: monotonic seconds at which it was found.
        record: as the journal has it.
    """

    at_s: float
    record: dict[str, Any]

    @property
    def began_s(self) -> float:
        """When its tick began."""
        return self.at_s - (self.record["tick_ms"] + self.record["policy_ms"]) / 1000

    @property
    def is_tick(self) -> bool:
        """Whether it is one of a tick."""
        return self.record["kind"] == "tick"

    @property
    def is_well(self) -> bool:
        """Whether nothing stood in the way of this tick."""
        return self.is_tick and not self.record["stale"] and not self.record["failed"]

    @property
    def text(self) -> str:
        """All that it says in words."""
        record = self.record
        return "; ".join((*record["remarks"], record["because"], record["stale"], record["changed_by"]))


class Operator:
    """One controller, over all its lives.

    Args:
        name: in the campaign.
        folder: of its files.
        config: of it, without ``state``.

    Attributes:
        told: records of its journal, in the order in which they were found.
    """

    def __init__(self, name: str, folder: Path, config: dict[str, Any]) -> None:
        self.name, self._folder = name, folder
        folder.mkdir()
        self._config = folder / "operate.yml"
        self._config.write_text(json.dumps(config | {"state": str(folder / "state")}), "utf-8")
        self._offset, self._mood = folder / "offset", folder / "mood"
        self._offset.write_text("0", "utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self._read: dict[Path, int] = {}
        self.told: list[Told] = []
        self.stopped = False

    def start(self) -> None:
        """Start it, or start it again."""
        command = [sys.executable, "-m", "benchmarks.operate_faults.program", str(self._config), str(self._offset)]
        environment = os.environ | {FILE: str(self._mood)}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # noqa: S603

    @property
    def is_up(self) -> bool:
        """Whether its process runs and is not stopped."""
        return self._process is not None and self._process.poll() is None and not self.stopped

    def kill(self) -> None:
        """End it without a word."""
        assert self._process is not None  # noqa: S101 - it was started
        self._process.kill()
        self._process.wait()

    def halt(self) -> None:
        """Stop it where it stands."""
        assert self._process is not None  # noqa: S101 - it was started
        self._process.send_signal(signal.SIGSTOP)
        self.stopped = True

    def go_on(self) -> None:
        """Let it go on."""
        assert self._process is not None  # noqa: S101 - it was started
        self._process.send_signal(signal.SIGCONT)
        self.stopped = False

    def end(self) -> None:
        """End it as an orchestrator does; one that does not end is killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def mood(self, text: str) -> None:
        """Tell its policy how to behave."""
        self._mood.write_text(text, "utf-8")

    def set_clock(self, by_s: float) -> None:
        """Set its clock on the wall forward, or back, by so many seconds."""
        ahead_s = float(self._offset.read_text("utf-8")) + by_s
        with atomic_write(self._offset) as file:
            file.write(str(ahead_s))

    def tail(self) -> None:
        """Take in what its journal has got since the last call."""
        for file in sorted((self._folder / "state" / "journal").glob("*.jsonl")):
            with file.open("rb") as lines:
                lines.seek(self._read.get(file, 0))
                for line in lines:
                    if not line.endswith(b"\n"):
                        break
                    self._read[file] = self._read.get(file, 0) + len(line)
                    self.told.append(Told(time.monotonic(), json.loads(line)))

    def since(self, at_s: float) -> list[Told]:
        """Return the records found from then on."""
        return [each for each in self.told if each.at_s >= at_s]


class Tailing(threading.Thread):
    """Reads all journals until it is told to stop."""

    def __init__(self, tails: list[Callable[[], None]]) -> None:
        super().__init__(daemon=True, name="journals")
        self._tails, self._over = tails, threading.Event()

    def run(self) -> None:
        """Read."""
        while not self._over.wait(POLL_S):
            for tail in self._tails:
                tail()

    def stop(self) -> None:
        """Read what is left, and no more."""
        self._over.set()
        self.join()
        for tail in self._tails:
            tail()
