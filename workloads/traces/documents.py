"""Counts or rates in a JSON document: what the interfaces of Prometheus and CloudWatch answer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from autoscaling_env.errors import nearest
from workloads.intervals import Intervals
from workloads.traces.clocks import Clock
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.problems import Problems
from workloads.traces.selection import Selection
from workloads.traces.series import Series, intervals_of
from workloads.traces.values import Values

#: Read as a whole: a day of seconds is some megabytes.
MAX_BYTES = 200_000_000
#: Statistics of CloudWatch that count, the likeliest first.
STATISTICS = ("Sum", "SampleCount", "Average", "Maximum", "Minimum")
#: What CloudWatch calls a unit -> what it counts.
UNITS = {"Count": "count", "Count/Second": "per_second"}
#: A series as (time, value) pairs, and what is known of it.
Pairs = tuple[Sequence[Any], Sequence[Any]]


def is_prometheus(head: tuple[str, ...]) -> bool:
    """Whether a file is the answer of ``/api/v1/query_range``."""
    start = "".join(head)[:2000]
    return start.startswith("{") and '"resultType"' in start.replace(" ", "")


def is_cloudwatch(head: tuple[str, ...]) -> bool:
    """Whether a file is the answer of ``get-metric-statistics`` or ``get-metric-data``."""
    start = "".join(head)
    return start.startswith("{") and ('"Datapoints"' in start or '"MetricDataResults"' in start)


def read_prometheus(file: TraceFile, options: Options, selection: Selection) -> Intervals:
    """Read one series of a range query; ``NaN`` is a gap."""
    data = _document(file).get("data", {})
    if data.get("resultType") != "matrix":
        kind = data.get("resultType")
        file.problems.fail(None, f"resultType {kind!r}: only a range query has a load over time: /api/v1/query_range")
    found = {_labels(each.get("metric", {})): each.get("values", []) for each in data.get("result", [])}
    name, pairs = _chosen(found, options, file.problems)
    times, values = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return _read((times, values), name, None, (), file, options, selection)


def read_cloudwatch(file: TraceFile, options: Options, selection: Selection) -> Intervals:
    """Read one statistic, or one metric, in any order."""
    document = _document(file)
    if "MetricDataResults" in document:
        results = {str(each.get("Label", each.get("Id"))): each for each in document["MetricDataResults"]}
        name, result = _chosen(results, options, file.problems)
        return _read((result["Timestamps"], result["Values"]), name, None, (), file, options, selection)
    points = document["Datapoints"]
    present = [name for name in STATISTICS if any(name in point for point in points)]
    wanted = options.column or next(iter(present), "Sum")
    if wanted not in present:
        there = ", ".join(present) or "none"
        file.problems.fail(None, f"no statistic {wanted!r}{nearest(wanted, present)}; there are {there}")
    unit = {UNITS.get(str(point.get("Unit"))) for point in points}
    pairs = [point["Timestamp"] for point in points], [point.get(wanted) for point in points]
    others = [name for name in present if name != wanted]
    unused = (f"Not used: the statistics {', '.join(others)}.",) if others else ()
    label = f"{document.get('Label', 'Datapoints')} {wanted}"
    return _read(pairs, label, unit.pop() if len(unit) == 1 else None, unused, file, options, selection)


def _document(file: TraceFile) -> dict[str, Any]:
    text = file.document(MAX_BYTES)
    try:
        document = json.loads(text)
    except ValueError as error:
        file.problems.fail(getattr(error, "lineno", None), f"not valid JSON: {getattr(error, 'msg', error)}")
    if not isinstance(document, dict):
        file.problems.fail(
            None, "a JSON document that holds a list; an answer of Prometheus or CloudWatch is an object"
        )
    return document


def _chosen(found: Mapping[str, Any], options: Options, problems: Problems) -> tuple[str, Any]:
    shown = "; ".join(list(found)[:8]) + ("; ..." if len(found) > 8 else "")
    if options.series is not None:
        if options.series not in found:
            hint = nearest(options.series, found)
            problems.fail(None, f"no series {options.series!r}{hint}; there are {shown}")
        return options.series, found[options.series]
    if not found:
        problems.fail(None, "the answer holds no series; ask for a longer range or another metric")
    if len(found) > 1:
        problems.fail(None, f"several series; name one with series (--series): {shown}")
    return next(iter(found.items()))


def _labels(metric: Mapping[str, str]) -> str:
    """Return a series' name as Prometheus writes it."""
    name = metric.get("__name__", "")
    labels = ",".join(f'{key}="{value}"' for key, value in metric.items() if key != "__name__")
    return f"{name}{{{labels}}}" if labels or not name else name


def _read(
    pairs: Pairs,
    name: str,
    unit: str | None,
    unused: tuple[str, ...],
    file: TraceFile,
    options: Options,
    selection: Selection,
) -> Intervals:
    if selection.functions:
        file.problems.fail(None, "a file of counts does not name functions; leave out `functions`")
    frame = pd.DataFrame({"timestamp": list(pairs[0]), "value": list(pairs[1])})
    frame.index += 1
    clock, values = Clock(options), Values("value", name)
    time_s, value = clock.seconds(frame, "timestamp", file.problems), values.numbers(frame, file.problems)
    file.problems.check()
    lines = np.zeros(len(frame), dtype=np.int64)
    series = Series(time_s, value, lines, unit or values.unit, clock.shown, clock.local, name, unused)
    return intervals_of(series, options, selection, file.problems)
