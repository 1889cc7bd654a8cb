"""Files of lines that one pattern fits: all of a block at once, and line by line only to name one that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from autoscaling_env.types import FloatArray
from workloads.traces.opened import TraceFile

#: What a problem shows of a line.
SHOWN = 60


def matched(file: TraceFile, pattern: re.Pattern[bytes], what: str) -> Iterator[list[tuple[bytes, ...]]]:
    """Yield the groups of every line of a block; a line that does not fit, and is not blank, is a problem.

    Args:
        file: what is read.
        pattern: of one line, with ``^`` and ``$`` and the flag ``MULTILINE``; several groups.
        what: what a line should be, for messages.
    """
    for first, block in file.blocks():
        text = block.replace(b"\r\n", b"\n") if b"\r\n" in block else block
        found = pattern.findall(text)
        if len(found) != text.count(b"\n") + (not text.endswith(b"\n")):
            _name_bad_lines(file, first, text, pattern, what)
        if found:
            yield found
    file.problems.check()


def instants(stamps: list[bytes]) -> FloatArray:
    """Return float64[n], seconds since 1970, of ISO 8601 stamps in UTC, such as ``2026-01-31T14:05:00.123456Z``."""
    text = np.array(stamps).astype("U32")
    plain = np.char.rstrip(text, "Z")
    times = plain.astype("datetime64[us]")
    return np.asarray(times.astype(np.int64) / 1e6, dtype=np.float64)


def _name_bad_lines(file: TraceFile, first: int, text: bytes, pattern: re.Pattern[bytes], what: str) -> None:
    for number, line in enumerate(text.split(b"\n"), first):
        if line.strip() and not pattern.match(line):
            shown = line[:SHOWN].decode("utf-8", "replace") + ("..." if len(line) > SHOWN else "")
            file.problems.add(number, f"{shown!r}: is not {what}")
            if file.problems.too_many:
                return
