"""A policy that does what a file says: a rule of ten lines, or it raises, hangs, or answers that there is no number.

``python -m benchmarks.operate_faults.program`` is told the file by an environment variable.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

from autoscaling_env.types import Info, Observation

FILE = "OPERATE_FAULTS_POLICY"
RAISES, HANGS, NAN = "raises", "hangs", "nan"
POLL_S = 0.05


class Moody:
    """Wants a worker for every two tasks that are there, unless it is told to misbehave."""

    def __init__(self) -> None:
        self._file = Path(os.environ[FILE])

    def reset(self) -> None:
        """Forget nothing: it knows nothing."""

    def decide(self, observation: Observation, info: Info) -> float:
        """Return what it wants."""
        mood = self._mood()
        if mood == RAISES:
            raise RuntimeError("the model file is damaged")
        if mood == NAN:
            return math.nan
        while mood == HANGS:
            time.sleep(POLL_S)
            mood = self._mood()
        there = int(info["worker_queue"]) + int(info["busy_workers"])
        return max(1, math.ceil(there / 2))

    def _mood(self) -> str:
        return self._file.read_text("utf-8").strip() if self._file.exists() else ""
