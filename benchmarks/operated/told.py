"""A policy that wants what a file says, and what a scaler that has it is asked: a sequence of counts."""

from __future__ import annotations

import os
from pathlib import Path

from autoscaling_env.types import Info, Observation

FILE = "OPERATED_TOLD"


class Told:
    """Wants the count in the file that an environment variable names."""

    def __init__(self) -> None:
        self._file = Path(os.environ[FILE])

    def reset(self) -> None:
        """Forget nothing: it knows nothing."""

    def decide(self, observation: Observation, info: Info) -> int:
        """Return it."""
        del observation, info
        return int(self._file.read_text("utf-8"))
