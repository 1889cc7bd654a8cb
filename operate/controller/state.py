"""What a controller leaves behind for the next one; reading it back makes nothing unsafe, and nothing depends on it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from autoscaling_env.files import atomic_write


@dataclass(slots=True)
class State:
    """What is worth knowing after a restart.

    Attributes:
        day: of ``hours``, days since 1970 (UTC).
        hours: worker-hours of that day.
        other_day, other_hours: the same of the day before it, or after it where the clock on the wall was set back.
        watched_done, watched_missed: tasks done, and too late, while somebody else decided.
        down_until: wall-clock time until which the policy has stepped down; 0: it has not.
        hands_off_until: wall-clock time until which nothing is written; 0: we may.
    """

    day: int = 0
    hours: float = 0.0
    other_day: int = 0
    other_hours: float = 0.0
    watched_done: float = 0.0
    watched_missed: float = 0.0
    down_until: float = 0.0
    hands_off_until: float = 0.0

    def save(self, path: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        with atomic_write(path) as file:
            json.dump(asdict(self), file)

    @classmethod
    def load(cls, path: Path) -> tuple[State, str]:
        """Return what is there, and a remark where it cannot be used and is begun anew."""
        try:
            told = json.loads(path.read_text("utf-8"))
            values = {each.name: _number(told[each.name]) for each in fields(cls)}
            day, other_day = int(values.pop("day")), int(values.pop("other_day"))
            return cls(day, other_day=other_day, **values), ""
        except FileNotFoundError:
            return cls(), ""
        except (OSError, ValueError, KeyError, TypeError) as error:
            return cls(), f"{path.name} cannot be used ({' '.join(str(error).split())[:120]}): begun anew"


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"{str(value)[:40]!r} is no number from 0 on")
    return value
