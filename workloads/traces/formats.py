"""The registry of formats: what each recognises, what it needs, which options it takes.

A package announces one of its own, a ``TraceFormat``, in the entry-point group ``autoscaling_env.trace_formats``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import NoReturn

from autoscaling_env.config.workload import TraceConfig
from autoscaling_env.errors import TraceError, nearest, unknown_name
from workloads.recordings import Recording
from workloads.traces.access_log import is_access_log, read_access_log
from workloads.traces.alibaba import COLUMNS as ALIBABA_COLUMNS
from workloads.traces.alibaba import read_alibaba
from workloads.traces.azure2019 import read_azure2019
from workloads.traces.azure2021 import read_azure2021
from workloads.traces.celery_events import is_celery_events, read_celery_events
from workloads.traces.documents import is_cloudwatch, is_prometheus, read_cloudwatch, read_prometheus
from workloads.traces.durations import COLUMNS as DURATION_COLUMNS
from workloads.traces.durations import NAMES, Durations
from workloads.traces.huawei import is_huawei, read_huawei
from workloads.traces.k6 import COLUMNS as K6_COLUMNS
from workloads.traces.k6 import is_k6_json, read_k6_csv, read_k6_json
from workloads.traces.load_balancer import is_load_balancer_log, read_load_balancer_log
from workloads.traces.locust import COLUMNS as LOCUST_COLUMNS
from workloads.traces.locust import read_locust
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.plain import COLUMNS as TASK_COLUMNS
from workloads.traces.plain import TASK, read_plain
from workloads.traces.request_lines import is_request_lines, read_request_lines
from workloads.traces.selection import Selection
from workloads.traces.series_table import read_series_table
from workloads.traces.source import Source, header_of, table
from workloads.traces.time_columns import time_column

GROUP = "autoscaling_env.trace_formats"
#: What counts over time take.
SERIES_OPTIONS = frozenset({"column", "unit", "timezone", "gaps", "series"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a format is read with.

    Attributes:
        config: the section of the configuration.
        options: of the columns, units and times.
        selection: the range and the functions.
        durations: of Azure 2019's functions.
    """

    config: TraceConfig
    options: Options
    selection: Selection
    durations: Durations | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceFormat:
    """A format of traces.

    Attributes:
        name: as ``format`` takes it; the entry point's name.
        shown: name and columns, for the line that lists all formats.
        read: reads a file that has it.
        recognises: whether a file has it, by its first lines.
        columns: of a table: all must be there.
        usual: of a table that is recognised otherwise: what its columns are mostly called, for messages.
        takes: the options that mean something to it.
    """

    name: str
    shown: str
    read: Callable[[TraceFile, Asked], Recording]
    recognises: Callable[[tuple[str, ...]], bool] = lambda head: False
    columns: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()

    def fits(self, head: tuple[str, ...]) -> bool:
        """Whether a file that begins so has this format."""
        if self.columns:
            return set(self.columns) <= set(header_of(head))
        return self.recognises(head)


def _is_counts(head: tuple[str, ...]) -> bool:
    header = header_of(head)
    time = time_column(header)
    tasks = {*TASK_COLUMNS, TASK} if "service_s" in header else {*TASK_COLUMNS}
    return time is not None and len(set(header) - {time, *tasks}) > 0


def _is_plain(head: tuple[str, ...]) -> bool:
    header = header_of(head)
    return "arrival_s" in header or (time_column(header) is not None and not _is_counts(head))


def _read_azure2019(file: TraceFile, asked: Asked) -> Recording:
    drop = asked.config.drop_without_durations
    return read_azure2019(table(file), asked.selection, asked.durations, drop_unknown=drop)


#: The first that fits is taken.
BUILT_IN = (
    TraceFormat(
        name="azure2021",
        shown="azure2021 (app,func,end_timestamp,duration)",
        columns=("func", "end_timestamp", "duration"),
        read=lambda file, asked: read_azure2021(table(file), asked.selection),
    ),
    TraceFormat(
        name="azure2019",
        shown="azure2019 (HashOwner,HashApp,HashFunction,Trigger,1,2,...)",
        columns=(*NAMES, "1"),
        read=_read_azure2019,
    ),
    TraceFormat(
        name="huawei",
        shown="huawei (day,time,0,1,2,...)",
        recognises=is_huawei,
        read=lambda file, asked: read_huawei(file, asked.options, asked.selection),
        takes=frozenset({"gaps"}),
    ),
    TraceFormat(
        name="alibaba",
        shown="alibaba (timestamp,traceid,rpcid,um,rpctype,dm,interface,rt)",
        columns=ALIBABA_COLUMNS,
        read=lambda file, asked: read_alibaba(file, asked.options, asked.selection),
        takes=frozenset({"series"}),
    ),
    TraceFormat(
        name="locust",
        shown="locust (Timestamp,User Count,Type,Name,Requests/s,...)",
        columns=LOCUST_COLUMNS,
        read=lambda file, asked: read_locust(file, asked.options, asked.selection),
        takes=SERIES_OPTIONS,
    ),
    TraceFormat(
        name="prometheus",
        shown="prometheus (JSON of /api/v1/query_range)",
        recognises=is_prometheus,
        read=lambda file, asked: read_prometheus(file, asked.options, asked.selection),
        takes=SERIES_OPTIONS,
    ),
    TraceFormat(
        name="cloudwatch",
        shown="cloudwatch (JSON of get-metric-statistics or get-metric-data)",
        recognises=is_cloudwatch,
        read=lambda file, asked: read_cloudwatch(file, asked.options, asked.selection),
        takes=SERIES_OPTIONS,
    ),
    TraceFormat(
        name="k6",
        shown="k6 (metric_name,timestamp,metric_value,...)",
        columns=K6_COLUMNS,
        read=lambda file, asked: read_k6_csv(file, asked.selection),
    ),
    TraceFormat(
        name="k6-json",
        shown="k6-json (lines of JSON)",
        recognises=is_k6_json,
        read=lambda file, asked: read_k6_json(file, asked.selection),
    ),
    TraceFormat(
        name="celery-events",
        shown="celery-events (lines of JSON, `celery events --dump`, or Flower's /api/tasks)",
        recognises=is_celery_events,
        read=lambda file, asked: read_celery_events(file, asked.selection),
    ),
    TraceFormat(
        name="request-lines",
        shown='request-lines (lines of JSON with "timestamp" or "time")',
        recognises=is_request_lines,
        read=lambda file, asked: read_request_lines(file, asked.options, asked.selection),
        takes=frozenset({"unit", "timezone"}),
    ),
    TraceFormat(
        name="access-log",
        shown="access-log (nginx, Apache: common or combined)",
        recognises=is_access_log,
        read=lambda file, asked: read_access_log(file, asked.selection),
    ),
    TraceFormat(
        name="load-balancer",
        shown="load-balancer (AWS: application or classic)",
        recognises=is_load_balancer_log,
        read=lambda file, asked: read_load_balancer_log(file, asked.selection),
    ),
    TraceFormat(
        name="csv",
        shown="csv (arrival_s[,service_s[,deadline_s[,task]]], or timestamp)",
        recognises=_is_plain,
        usual=("arrival_s",),
        read=lambda file, asked: read_plain(table(file), asked.selection, asked.options),
        takes=frozenset({"unit", "timezone"}),
    ),
    TraceFormat(
        name="counts",
        shown="counts (a column of times such as timestamp, one of values such as value)",
        recognises=_is_counts,
        usual=("timestamp", "value"),
        read=lambda file, asked: read_series_table(file, asked.options, asked.selection),
        takes=SERIES_OPTIONS,
    ),
)
DURATIONS = (*NAMES, *DURATION_COLUMNS)


@cache
def formats() -> Mapping[str, TraceFormat]:
    """Return every format that is installed, ours first, in the order in which they are tried."""
    theirs: dict[str, TraceFormat] = {entry.name: entry.load() for entry in entry_points(group=GROUP)}
    return {each.name: each for each in BUILT_IN} | theirs


def format_of(file: TraceFile, asked: Asked) -> TraceFormat:
    """Return the format that is named, or the first that recognises the file.

    Raises:
        TraceError: there is none of that name, a column is missing, or none fits.
    """
    named = asked.config.format
    if named == "auto":
        return next((each for each in formats().values() if each.fits(file.head)), None) or _explained(file)
    if named not in formats():
        raise TraceError(f"format: {unknown_name('format', named, ['auto', *formats()])}")
    found = formats()[named]
    if not set(found.columns) <= set(header_of(file.head)):
        _check(table(file), found.columns, named)
    return found


def check_options(found: TraceFormat, asked: Asked, file: TraceFile) -> None:
    """Raise for every option that means nothing to the format."""
    for name, value in asked.options.given.items():
        if name not in found.takes:
            able = ", ".join(each.name for each in formats().values() if name in each.takes)
            file.problems.add(None, f"{name}: {value}: means nothing to a trace of format {found.name}, only to {able}")
    file.problems.check()


def check_durations(source: Source) -> None:
    """Raise where a column of the durations file is missing."""
    _check(source, DURATIONS, "durations of azure2019")


def _check(source: Source, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in source.header:
            spare = [name for name in source.header if name not in columns]
            hint = nearest(column, spare).replace("did you mean", "is it called")
            source.problems.add(source.header_line, f"no column {column!r}{hint}; {name} needs {', '.join(columns)}")
    source.problems.check()


def _explained(file: TraceFile) -> NoReturn:
    """Name the missing columns of the format that is nearest, or all formats where none is near."""
    source = table(file)
    line, header = source.header_line, set(source.header)
    shown = ",".join(source.header)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    listed = "; ".join(each.shown for each in formats().values())
    if set(DURATIONS) <= header:
        source.problems.fail(line, "these are durations; name the invocations as file, this as durations")
    if all(_is_number(name) for name in source.header):
        source.problems.fail(
            line, f"{shown!r} is no header; the first line names the columns, such as arrival_s,service_s"
        )
    tables = [each for each in formats().values() if each.columns or each.usual]
    near = max(tables, key=lambda each: _resemblance(each, source))
    if _resemblance(near, source) > 0:
        _check(source, near.columns or near.usual, near.name)
    source.problems.fail(line, f"header {shown!r} fits no format; must be one of {listed}")


def _resemblance(one: TraceFormat, source: Source) -> float:
    alike = [column in source.header or bool(nearest(column, source.header)) for column in one.columns or one.usual]
    return sum(alike) / len(alike)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
