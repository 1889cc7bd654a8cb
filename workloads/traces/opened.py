"""A trace file opened, plain or gzip: its first lines to recognise it by, then all of it in blocks of whole lines."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn, cast

from workloads.traces.problems import Problems

GZIP_MAGIC = b"\x1f\x8b"
#: Read ahead to recognise a file by.
HEAD_BYTES = 65_536
BLOCK_BYTES = 4_000_000
#: A line longer than this is no line.
MAX_LINE_BYTES = 1_000_000


@dataclass(frozen=True)
class TraceFile:
    """An open trace file.

    Attributes:
        problems: where problems of this file go.
        body: what it holds, decompressed, from its start.
        head: its first lines, without those that are blank, decoded; the last one may be cut short.
        report: tells how far reading has come; called after each block.
    """

    problems: Problems
    body: IO[bytes]
    head: tuple[str, ...]
    report: Callable[[], None]

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Yield (number of its first line, from 1; whole lines) of about ``BLOCK_BYTES`` each."""
        line, rest = 1, b""
        while not self.problems.too_many:
            with readable(self.problems):
                read = self.body.read(BLOCK_BYTES)
            block = rest + read
            end = block.rfind(b"\n") + 1 if read else len(block)
            if end:
                yield line, block[:end]
                line += block.count(b"\n", 0, end)
            rest = block[end:]
            if len(rest) > MAX_LINE_BYTES:
                self.problems.fail(line, f"the line is longer than {MAX_LINE_BYTES} bytes")
            self.report()
            if not read:
                return

    def document(self, limit: int) -> bytes:
        """Return everything, of a file that is read as a whole; more than ``limit`` bytes are a problem."""
        with readable(self.problems):
            text = self.body.read(limit + 1)
        if len(text) > limit:
            self.problems.fail(None, f"is larger than {limit:,} bytes, which is the most of a file read as a whole")
        self.report()
        return text


@contextmanager
def open_trace(file: Path, shown: str, progress: Callable[[int, int], None] | None) -> Iterator[TraceFile]:
    """Open a trace, plain or gzip.

    Args:
        file: where it is.
        shown: what messages call it.
        progress: called with (bytes done, bytes in all) after each block.

    Raises:
        TraceError: it cannot be opened, is no text, or is empty.
    """
    problems = Problems(shown)
    with _opened(file, problems) as raw:
        size = os.fstat(raw.fileno()).st_size
        body = io.BufferedReader(cast("io.RawIOBase", _decompressed(raw, problems)), HEAD_BYTES)

        def report() -> None:
            if progress is not None:
                progress(min(raw.tell(), size), size)

        with readable(problems):
            peeked = body.peek(HEAD_BYTES)
        yield TraceFile(problems, body, _lines(peeked, problems), report)


@contextmanager
def readable(problems: Problems) -> Iterator[None]:
    """Turn what a disk or a damaged gzip file raises into a problem of the file."""
    try:
        yield
    except (EOFError, zlib.error, OSError) as error:
        _unreadable(error, problems)


def _lines(peeked: bytes, problems: Problems) -> tuple[str, ...]:
    lines: list[str] = []
    for number, line in enumerate(peeked.split(b"\n"), 1):
        if b"\0" in line and not lines:
            problems.fail(None, "not a text file; a trace is a CSV file, plain or gzip")
        try:
            text = line.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            if lines:
                break
            problems.fail(None, f"not a text file (byte {error.start} of line {number} is not UTF-8)")
        if text:
            lines.append(text)
    if not lines:
        problems.fail(None, "the file is empty; a trace starts with a header line")
    return tuple(lines)


def _unreadable(error: Exception, problems: Problems) -> NoReturn:
    """Tell a damaged gzip file from a disk, or a special file, that gives nothing."""
    if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
        problems.fail(None, f"cannot be read: {error.strerror or error}")
    problems.fail(None, "damaged gzip file; compress it again")


def _opened(file: Path, problems: Problems) -> IO[bytes]:
    try:
        if file.exists() and not (file.is_file() or file.is_dir()):
            problems.fail(None, "cannot be read: is not a file; write the trace to one first")
        return file.open("rb")
    except (OSError, ValueError) as error:
        problems.fail(None, f"cannot be read: {getattr(error, 'strerror', None) or error}")


def _decompressed(raw: IO[bytes], problems: Problems) -> IO[bytes]:
    try:
        magic = raw.read(2)
    except OSError as error:
        _unreadable(error, problems)
    raw.seek(0)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
