"""The ordinary tasks of somebody else: each writes down that it began and that it is done, and when."""

from __future__ import annotations

import os
import time
from pathlib import Path

#: Names the file to which every worker appends.
LOG = "SCALE_IN_LOG"


def work(number: int, work_s: float) -> None:
    """Work for so many seconds; a line that is appended in one write stands there whole, whoever is killed when."""
    _say("began", number)
    time.sleep(work_s)
    _say("done", number)


def _say(what: str, number: int) -> None:
    file = os.open(Path(os.environ[LOG]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        line = f"{what} {number} {os.environ['SCALE_IN_WORKER']} {time.monotonic():.3f}\n"
        os.write(file, line.encode())
    finally:
        os.close(file)
