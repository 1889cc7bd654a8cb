"""A trace file opened: its header, and its rows in chunks with the line each came from."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import pandas as pd

from workloads.traces.opened import MAX_LINE_BYTES, TraceFile, readable
from workloads.traces.problems import Problems

#: Parsed at a time: some tens of megabytes, for long files as for wide ones.
CELLS_PER_CHUNK = 1_000_000
ROWS_PER_CHUNK = 100_000
#: A column of names: 007 is not 7.
TEXT = "task"
#: What some spreadsheets write above the header.
SEPARATOR_LINE = re.compile(r"sep=.", re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """An open trace file behind its header.

    Attributes:
        header: the column names, in order.
        header_line: the line they stand on, from 1.
        problems: where problems of this file go.
        separator: between columns.
    """

    header: tuple[str, ...]
    header_line: int
    problems: Problems
    separator: str
    _body: IO[bytes]
    _report: Callable[[], None]

    def chunks(self, columns: tuple[str, ...]) -> Iterator[pd.DataFrame]:
        """Yield the rows of ``columns``; the index holds their line numbers. Blank lines are left out.

        Columns of numbers come out as numbers where every value of a chunk is one, as text otherwise.
        """
        with self._translated():
            reader = _reader(self._body, self.header, self.separator)
        while (chunk := self._next(reader)) is not None and not self.problems.too_many:
            chunk.index += self.header_line + 1
            yield self._whole_rows(chunk)[list(columns)]
            self._report()
        self._report()

    def unused(self, *used: str) -> tuple[str, ...]:
        """Return a sentence that names the columns that are not used; none where all are."""
        others = [name for name in self.header if name not in used]
        shown = ", ".join(others[:8]) + (", ..." if len(others) > 8 else "")
        return (f"Not used: column{'s' if len(others) > 1 else ''} {shown}.",) if others else ()

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
        try:
            with readable(self.problems), warnings.catch_warnings():
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


#: Takes up what a row has beyond its header.
SURPLUS = "\0surplus"


def _reader(body: IO[bytes], header: tuple[str, ...], separator: str) -> pd.io.parsers.TextFileReader:
    return pd.read_csv(
        body,
        sep=separator,
        header=None,
        names=[*header, SURPLUS],
        index_col=False,
        chunksize=max(1, min(ROWS_PER_CHUNK, CELLS_PER_CHUNK // len(header))),
        skip_blank_lines=False,
        keep_default_na=False,
        na_values=[""],
        low_memory=False,
        dtype={name: str for name in header if name == TEXT},
        encoding_errors="replace",
    )


def table(file: TraceFile) -> Source:
    """Return a file as a table: its header read, its rows to come.

    Raises:
        TraceError: the header is broken.
    """
    line, text = _first_line(file)
    header = _header(text, line, file.problems)
    file.problems.check()
    return Source(header, line, file.problems, _separator(text), file.body, file.report)


def _first_line(file: TraceFile) -> tuple[int, str]:
    """Return the header and its line: the first that is neither blank nor a spreadsheet's ``sep=,``."""
    line = 0
    while True:
        with readable(file.problems):
            raw = file.body.readline(MAX_LINE_BYTES)
        line += 1
        if not raw:
            file.problems.fail(None, "the file is empty; a trace starts with a header line")
        if len(raw) == MAX_LINE_BYTES:
            file.problems.fail(None, "not a text file; a trace is a CSV file, plain or gzip")
        text = raw.decode("utf-8-sig", "replace").strip()
        if text and not SEPARATOR_LINE.fullmatch(text):
            return line, text


def header_of(head: tuple[str, ...]) -> tuple[str, ...]:
    """Return the column names that a file's first lines would give a table."""
    lines = [line for line in head[:2] if not SEPARATOR_LINE.fullmatch(line)]
    return _names(lines[0]) if lines else ()


def _separator(text: str) -> str:
    """Return what stands between the columns of a header: a comma, or a semicolon or tab where there is no comma."""
    return next((each for each in (",", ";", "\t") if each in text), ",")


def _names(text: str) -> tuple[str, ...]:
    """Return the names of a header; a name that holds a separator is quoted, one more at the end means nothing."""
    try:
        names = next(csv.reader([text], delimiter=_separator(text)), [])
    except csv.Error:  # no table at all: the message shows what is there
        names = text.split(",")
    found = [name.strip().strip('"') for name in names]
    return tuple(found[:-1] if len(found) > 1 and not found[-1] else found)


def _header(text: str, line: int, problems: Problems) -> tuple[str, ...]:
    names = _names(text)
    if len(names) == 1 and "|" in text:
        problems.fail(line, "columns are separated by bars; must be commas, semicolons or tabs")
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.add(line, f"column {name!r} stands {names.count(name)} times in the header; keep one")
    return names
