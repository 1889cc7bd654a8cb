"""What k6 writes of a test, ``--out csv`` or ``--out json``: a sample of a metric a row, of which two say requests.

https://grafana.com/docs/k6/latest/results-output/real-time/csv/ and .../json/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from autoscaling_env.types import FloatArray
from workloads.events import Events
from workloads.traces.clocks import Clock
from workloads.traces.columns import SERVICE, numbers
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection
from workloads.traces.source import table

REQUESTS, DURATION = "http_reqs", "http_req_duration"
COLUMNS = ("metric_name", "timestamp", "metric_value")
MS_PER_S = 1000.0
#: metric -> (times in seconds, values) of a part of the file.
Samples = dict[str, tuple[FloatArray, FloatArray]]


def is_k6_json(head: tuple[str, ...]) -> bool:
    """Whether the first lines are k6's JSON."""
    return (
        head[0].startswith("{")
        and '"metric"' in head[0]
        and any('"Point"' in line or '"Metric"' in line for line in head[:2])
    )


def read_k6_csv(file: TraceFile, selection: Selection) -> Events:
    """Read the requests of a CSV; see ``_tasks``."""
    source, clock = table(file), Clock(Options())
    others: set[str] = set()

    def samples() -> Iterator[Samples]:
        for chunk in source.chunks(COLUMNS):
            names = chunk["metric_name"].astype(str)
            others.update(set(names.unique()) - {REQUESTS, DURATION})
            rows = {name: chunk[(names == name).to_numpy()] for name in (REQUESTS, DURATION)}
            yield {
                name: (
                    clock.seconds(part, "timestamp", file.problems) if len(part) else np.empty(0),
                    numbers(part, "metric_value", file.problems, SERVICE),
                )
                for name, part in rows.items()
            }

    return _tasks(file, selection, samples(), others)


def read_k6_json(file: TraceFile, selection: Selection) -> Events:
    """Read the requests of JSON lines; see ``_tasks``."""
    others: set[str] = set()

    def samples() -> Iterator[Samples]:
        for first, block in file.blocks():
            found: dict[str, list[tuple[str, float]]] = {REQUESTS: [], DURATION: []}
            for number, line in enumerate(block.splitlines(), first):
                if line.strip():
                    _take(json_object(file, number, line), found, others)
            yield {
                name: (_instants([at for at, _ in rows]), np.array([v for _, v in rows]))
                for name, rows in found.items()
            }

    return _tasks(file, selection, samples(), others)


def json_object(file: TraceFile, number: int, line: bytes) -> dict[str, Any]:
    """Return a line's JSON object; empty, with a problem noted, where it is none."""
    try:
        found = json.loads(line)
    except ValueError as error:
        file.problems.add(number, f"not valid JSON: {getattr(error, 'msg', error)}")
        return {}
    if not isinstance(found, dict):
        file.problems.add(number, f"a JSON {type(found).__name__}; every line is an object")
        return {}
    return found


def _take(sample: dict[str, Any], found: dict[str, list[tuple[str, float]]], others: set[str]) -> None:
    if sample.get("type") != "Point":
        return
    metric, data = str(sample.get("metric")), sample.get("data", {})
    if metric in found:
        found[metric].append((str(data.get("time")), float(data.get("value", np.nan))))
    else:
        others.add(metric)


def _instants(stamps: list[str]) -> FloatArray:
    times = pd.to_datetime(pd.Series(stamps, dtype=object), utc=True, format="ISO8601")
    return np.asarray((times - pd.Timestamp(0, tz="UTC")).dt.total_seconds(), dtype=np.float64)


def _tasks(file: TraceFile, selection: Selection, parts: Iterator[Samples], others: set[str]) -> Events:
    """Return a task for every request; k6 notes its duration when it is over.

    Where there are not as many durations as requests, durations are not used.
    """
    requests, durations = Pool(), Pool()
    counted = {REQUESTS: 0, DURATION: 0}
    for part in parts:
        for name, (time_s, _) in part.items():
            counted[name] += len(time_s)
        requests.add(part[REQUESTS][0])
        took_s = part[DURATION][1] / MS_PER_S
        durations.add(part[DURATION][0] - took_s, took_s)
    file.problems.check()
    if selection.functions:
        file.problems.fail(None, "k6 does not name functions; leave out `functions`")
    unused = (f"Not used: the metrics {', '.join(sorted(others))}.",) if others else ()
    if counted[DURATION] and counted[DURATION] >= counted[REQUESTS]:
        arrival_s, service_s = durations.columns(2)
        said = ("Read k6's http_req_duration: a request came that long before its sample.", *unused)
        return events(file, selection, arrival_s, {"service_s": service_s}, durations.share, notes=said)
    if not counted[REQUESTS]:
        file.problems.fail(None, f"has no samples of {REQUESTS} or {DURATION}; only requests are tasks")
    fewer = (
        f"; {counted[DURATION]} durations for {counted[REQUESTS]} requests are not used" if counted[DURATION] else ""
    )
    said = (f"Read k6's http_reqs{fewer}.", *unused)
    return events(file, selection, requests.columns(1)[0], {}, requests.share, notes=said)
