"""Which format a trace has: named, or recognised by its header."""

from __future__ import annotations

from collections.abc import Mapping

from autoscaling_env.errors import nearest
from workloads.traces.durations import COLUMNS as DURATION_COLUMNS
from workloads.traces.durations import NAMES
from workloads.traces.source import Source

#: Format -> columns it must have. The first whose columns are all there is taken.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "azure2021": ("func", "end_timestamp", "duration"),
    "azure2019": (*NAMES, "1"),
    "counts": ("timestamp", "value"),
    "csv": ("arrival_s",),
}
DURATIONS = (*NAMES, *DURATION_COLUMNS)
SHOWN = {
    "azure2021": "azure2021 (app,func,end_timestamp,duration)",
    "azure2019": "azure2019 (HashOwner,HashApp,HashFunction,Trigger,1,2,...)",
    "counts": "counts (timestamp,value)",
    "csv": "csv (arrival_s[,service_s[,deadline_s]], or timestamp)",
}


def format_of(source: Source, named: str) -> str:
    """Return the format's name, ``named`` unless that is ``auto``.

    Raises:
        TraceError: a column is missing, or no format fits the header.
    """
    if named != "auto":
        _check_columns(source, named)
        return named
    for name, columns in REQUIRED.items():
        if set(columns) <= set(source.header):
            return name
    if "timestamp" in source.header:
        return "csv"
    _explain(source)
    raise AssertionError("unreachable: explaining raises")


def check_durations(source: Source) -> None:
    """Raise where a column of the durations file is missing."""
    _check(source, DURATIONS, "durations of azure2019")


def _check_columns(source: Source, name: str) -> None:
    columns = REQUIRED[name]
    if name == "csv" and "timestamp" in source.header:
        columns = ("timestamp",)
    _check(source, columns, name)


def _check(source: Source, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in source.header:
            spare = [name for name in source.header if name not in columns]
            hint = nearest(column, spare).replace("did you mean", "is it called")
            source.problems.add(source.header_line, f"no column {column!r}{hint}; {name} needs {', '.join(columns)}")
    source.problems.check()


def _explain(source: Source) -> None:
    """Raise: name the missing columns of the format that is nearest, or all formats where none is near."""
    header = set(source.header)
    if set(DURATIONS) <= header:
        source.problems.fail(source.header_line, "these are durations; name the invocations as file, this as durations")
    near = max(REQUIRED, key=lambda name: _resemblance(name, source))
    if _resemblance(near, source) > 0:
        _check_columns(source, near)
    formats = "; ".join(SHOWN.values())
    shown = ",".join(source.header)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    source.problems.fail(source.header_line, f"header {shown!r} fits no format; must be one of {formats}")


def _resemblance(name: str, source: Source) -> float:
    columns = REQUIRED[name]
    alike = [column in source.header or bool(nearest(column, source.header)) for column in columns]
    return sum(alike) / len(columns)
