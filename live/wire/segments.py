"""Segments on the wire: what stands on ``input_queue``, written by the controller and read by the emitter."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the episode with its explicit tasks.

    Attributes:
        start_s: when it begins, episode seconds.
        next_s: when the one after it begins; None for the last.
        tasks: (number, arrival_s, service_s, deadline_s) each, sorted by arrival.
    """

    start_s: float
    next_s: float | None
    tasks: tuple[tuple[int, float, float, float], ...]

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps({"start_s": self.start_s, "next_s": self.next_s, "tasks": self.tasks})


def parse_segment(text: str) -> Segment:
    """Read a segment.

    Raises:
        ValueError: it is not one; the message says why.
    """
    try:
        data = json.loads(text)
        next_s = data["next_s"]
        tasks = tuple((int(n), _finite(a), _finite(s), _finite(d)) for n, a, s, d in data["tasks"])
        return Segment(_finite(data["start_s"]), None if next_s is None else _finite(next_s), tasks)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"not a segment ({type(error).__name__}: {error})") from None


def _finite(value: object) -> float:
    """Python's JSON reads NaN and Infinity; waiting for such a moment would never end."""
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a time")
    return number


def task_json(task: Sequence[float]) -> str:
    """Return a task as it stands on ``worker_queue``."""
    number, arrival_s, service_s, deadline_s = task
    return f'{{"id":{int(number)},"arrival_s":{arrival_s!r},"service_s":{service_s!r},"deadline_s":{deadline_s!r}}}'
