"""A trace file opened: its header, and its rows in chunks with the line each came from."""

from __future__ import annotations

import gzip
import os
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, cast

from workloads.traces.problems import Problems

if TYPE_CHECKING:
    import pandas as pd

#: Parsed at a time: some tens of megabytes, for long files as for wide ones.
CELLS_PER_CHUNK = 1_000_000
ROWS_PER_CHUNK = 100_000
GZIP_MAGIC = b"\x1f\x8b"
#: A header longer than this is no header.
MAX_HEADER_BYTES = 1_000_000


@dataclass(frozen=True)
class Source:
    """An open trace file behind its header.

    Attributes:
        header: the column names, in order.
        header_line: the line they stand on, from 1.
        problems: where problems of this file go.
    """

    header: tuple[str, ...]
    header_line: int
    problems: Problems
    _body: IO[bytes]
    _report: Callable[[], None]

    def chunks(self, columns: tuple[str, ...]) -> Iterator[pd.DataFrame]:
        """Yield the rows of ``columns``; the index holds their line numbers. Blank lines are left out.

        Columns of numbers come out as numbers where every value of a chunk is one, as text otherwise.
        """
        with self._translated():
            reader = _reader(self._body, self.header)
        while (chunk := self._next(reader)) is not None and not self.problems.too_many:
            chunk.index += self.header_line + 1
            yield self._whole_rows(chunk)[list(columns)]
            self._report()
        self._report()

    def _next(self, reader: pd.io.parsers.TextFileReader) -> pd.DataFrame | None:
        with self._translated():
            return next(reader, None)

    def _whole_rows(self, chunk: pd.DataFrame) -> pd.DataFrame:
        expected = len(self.header)
        for line in chunk.index[chunk[SURPLUS].notna().to_numpy()]:
            self.problems.add(line, f"more values than the {expected} the header names")
        if not chunk[self.header[-1]].isna().any():
            return chunk
        blank = chunk[list(self.header)].isna().all(axis=1)
        return chunk[~blank.to_numpy()]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what pandas and gzip raise into problems of the file."""
        import pandas as pd

        try:
            with warnings.catch_warnings():
                # Surplus values: pandas warns about the first row, we name every one.
                warnings.simplefilter("ignore", pd.errors.ParserWarning)
                yield
        except pd.errors.ParserError as error:
            if found := re.search(r"in line (\d+), saw", str(error)):
                self.problems.fail(
                    int(found[1]) + self.header_line, f"more values than the {len(self.header)} the header names"
                )
            if found := re.search(r"inside string starting at row (\d+)", str(error)):
                self.problems.fail(
                    int(found[1]) + self.header_line + 1, "a quotation mark opens here and is never closed"
                )
            self.problems.fail(None, f"cannot be split into columns: {error}".strip())
        except (EOFError, zlib.error, OSError) as error:
            _unreadable(error, self.problems)


#: Takes up what a row has beyond its header.
SURPLUS = "\0surplus"


def _reader(body: IO[bytes], header: tuple[str, ...]) -> pd.io.parsers.TextFileReader:
    import pandas as pd

    return pd.read_csv(
        body,
        header=None,
        names=[*header, SURPLUS],
        index_col=False,
        chunksize=max(1, min(ROWS_PER_CHUNK, CELLS_PER_CHUNK // len(header))),
        skip_blank_lines=False,
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
        encoding_errors="replace",
    )


@contextmanager
def open_source(file: Path, shown: str, progress: Callable[[int, int], None] | None) -> Iterator[Source]:
    """Open a trace, plain or gzip, and read its header.

    Args:
        file: where it is.
        shown: what messages call it.
        progress: called with (bytes done, bytes in all) after each chunk.

    Raises:
        TraceError: it cannot be opened, is no text, is empty or has a broken header.
    """
    problems = Problems(shown)
    with _opened(file, problems) as raw:
        size = os.fstat(raw.fileno()).st_size
        body = _decompressed(raw, problems)

        def report() -> None:
            if progress is not None:
                progress(min(raw.tell(), size), size)

        line, text = _first_line(body, problems)
        header = _header(text, line, problems)
        problems.check()
        yield Source(header, line, problems, body, report)


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


def _first_line(body: IO[bytes], problems: Problems) -> tuple[int, str]:
    line = 0
    while True:
        try:
            raw = body.readline(MAX_HEADER_BYTES)
        except (EOFError, zlib.error, OSError) as error:
            _unreadable(error, problems)
        line += 1
        if not raw:
            problems.fail(None, "the file is empty; a trace starts with a header line")
        if b"\0" in raw or len(raw) == MAX_HEADER_BYTES:
            problems.fail(None, "not a text file; a trace is a CSV file, plain or gzip")
        try:
            text = raw.decode("utf-8-sig").strip()
        except UnicodeDecodeError as error:
            problems.fail(None, f"not a text file (byte {error.start} of line {line} is not UTF-8)")
        if text:
            return line, text


def _header(text: str, line: int, problems: Problems) -> tuple[str, ...]:
    names = tuple(name.strip().strip('"') for name in text.split(","))
    for separator, called in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and separator in text:
            problems.fail(line, f"columns are separated by {called}; must be commas")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.add(line, f"column {name!r} stands {names.count(name)} times in the header; keep one")
    return names
