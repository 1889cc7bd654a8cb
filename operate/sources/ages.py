"""How long a task has waited, from what its producer or the server wrote on it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from operate.reading import Fact

#: Unix time is about 1.8e9 s: what is far larger counts milliseconds, microseconds or nanoseconds.
_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
#: Clocks of two machines differ by so much without anybody's fault, seconds.
SKEW_S = 2.0
#: No task waits for longer than ten years: then it is no time.
MOST_S = 10 * 365 * 86400.0
#: No task works for a day or waits for a year: then the unit is another.
LONGEST_S = {Fact.SERVICE: 86400.0, Fact.OLDEST: 365 * 86400.0}


def timestamp_s(task: bytes, field: str) -> float:
    """Return the Unix time in seconds that stands in a task.

    Args:
        task: a JSON object.
        field: name of the field; dots lead into objects inside of it. Its value is a Unix time in s, ms, us or ns
            (told by its size), or ISO 8601 (UTC where it names no zone).

    Raises:
        ValueError: there is none; the message says why.
    """
    try:
        value: Any = json.loads(task)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    for name in field.split("."):
        if not isinstance(value, dict) or name not in value:
            raise ValueError(f"has no field {field!r}")
        value = value[name]
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError(f"has {str(value)[:40]!r} in field {field!r}, which is no time")
    return seconds


def _seconds(value: Any) -> float | None:
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return _of_number(float(value))


def _of_text(text: str) -> float | None:
    try:
        return _of_number(float(text))
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _of_number(number: float) -> float | None:
    if not math.isfinite(number) or number <= 0:
        return None
    for least, per_s in _UNITS:
        if number >= least:
            return number / per_s
    return number


def waited(since_s: float, now_s: float) -> tuple[float | None, str]:
    """Return the seconds from one Unix time to the other, and what is strange about them ("": nothing).

    A time in the future is taken as now; what cannot be a time gives None.
    """
    age_s = now_s - since_s
    if abs(age_s) > MOST_S:
        return None, f"the oldest task came {age_s:.0f} s ago by its own word, which is no time"
    if age_s < -SKEW_S:
        return 0.0, f"the oldest task came {-age_s:.1f} s in the future by its own word: two clocks differ"
    return max(age_s, 0.0), ""
