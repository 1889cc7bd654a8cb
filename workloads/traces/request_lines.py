"""Requests as lines of JSON: traces of language models (Mooncake, NVIDIA Dynamo), and access logs written as JSON.

https://github.com/kvcache-ai/Mooncake (``timestamp`` in ms, ``input_length``, ``output_length``, ``hash_ids``)
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from autoscaling_env.types import FloatArray
from workloads.events import Events
from workloads.traces.clocks import Clock
from workloads.traces.columns import SERVICE, numbers
from workloads.traces.k6 import json_object
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection

#: What the time of a request is called; numbers of the first are milliseconds unless they are Unix times.
TIMES = ("timestamp", "time", "@timestamp", "time_iso8601", "ts", "msec")
#: What the time that it took is called, seconds.
TOOK = "request_time"
#: From here on a number is a Unix time in seconds: 2001.
UNIX_TIME = 1e9


def is_request_lines(head: tuple[str, ...]) -> bool:
    """Whether the first line is such an object."""
    return head[0].startswith("{") and '"metric"' not in head[0] and _named(head[0]) is not None


def read_request_lines(file: TraceFile, options: Options, selection: Selection) -> Events:
    """Read a task for every line; the time it took is its service time where every line has one."""
    if selection.functions:
        file.problems.fail(None, "request lines do not name functions; leave out `functions`")
    key, has_took = _named(file.head[0]) or TIMES[0], f'"{TOOK}"' in file.head[0]
    pool, others, clock = Pool(), dict[str, None](), Clock(options)
    for first, block in file.blocks():
        found = {
            number: json_object(file, number, line)
            for number, line in enumerate(block.splitlines(), first)
            if line.strip()
        }
        others.update({name: None for each in found.values() for name in each if name not in {key, TOOK}})
        frame = pd.DataFrame(
            {name: [each.get(name) for each in found.values()] for name in (key, TOOK)}, index=[*found]
        )
        if not clock.shown:
            clock.options = _with_unit(options, key, frame[key])
        time_s = clock.seconds(frame, key, file.problems)
        took_s = _took(frame, file) if has_took else None
        pool.add(time_s) if took_s is None else pool.add(time_s - took_s, took_s)
    file.problems.check()
    said = (f"Read {key} of request lines, {clock.shown}.", *([f"Not used: {', '.join(others)}."] if others else []))
    if not has_took:
        return events(file, selection, pool.columns(1)[0], {}, pool.share, notes=said)
    arrival_s, service_s = pool.columns(2)
    return events(file, selection, arrival_s, {"service_s": service_s}, pool.share, notes=said)


def _named(line: str) -> str | None:
    return next((name for name in TIMES if f'"{name}"' in line), None)


def _with_unit(options: Options, key: str, values: pd.Series[Any]) -> Options:
    """Return the options, saying milliseconds where nobody else did and small numbers of ``timestamp`` are read."""
    first = pd.to_numeric(values, errors="coerce").median()
    small = key == TIMES[0] and first == first and first < UNIX_TIME
    return replace(options, unit="ms") if small and options.time_unit is None else options


def _took(frame: pd.DataFrame, file: TraceFile) -> FloatArray:
    return numbers(frame, TOOK, file.problems, SERVICE)
