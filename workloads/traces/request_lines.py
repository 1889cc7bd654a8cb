"""Requests to language models as Mooncake and NVIDIA Dynamo publish them: a JSON object a line, ``timestamp`` in ms.

https://github.com/kvcache-ai/Mooncake (``timestamp``, ``input_length``, ``output_length``, ``hash_ids``)
"""

from __future__ import annotations

import numpy as np

from workloads.events import Events
from workloads.traces.k6 import json_object
from workloads.traces.opened import TraceFile
from workloads.traces.options import TIME_UNITS, Options
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection

TIME = "timestamp"


def is_request_lines(head: tuple[str, ...]) -> bool:
    """Whether the first line is such an object."""
    return head[0].startswith("{") and f'"{TIME}"' in head[0] and '"metric"' not in head[0]


def read_request_lines(file: TraceFile, options: Options, selection: Selection) -> Events:
    """Read a task for every line; times are milliseconds unless ``unit`` says else, service times are not recorded."""
    if selection.functions:
        file.problems.fail(None, "request lines do not name functions; leave out `functions`")
    unit = options.time_unit or "ms"
    pool, others = Pool(), dict[str, None]()
    for first, block in file.blocks():
        times = []
        for number, line in enumerate(block.splitlines(), first):
            if not line.strip():
                continue
            found = json_object(file, number, line)
            time = found.pop(TIME, None)
            others.update(dict.fromkeys(found))
            if isinstance(time, int | float) and not isinstance(time, bool) and time >= 0:
                times.append(time * TIME_UNITS[unit])
            elif not file.problems.too_many:
                file.problems.bad_value(number, TIME, time, f"a number of {unit}, 0 or more")
        pool.add(np.array(times, dtype=np.float64))
    file.problems.check()
    said = [f"Read {TIME} of request lines in {unit}."]
    if others:
        said.append(f"Not used: {', '.join(others)}.")
    return events(file, selection, pool.columns(1)[0], {}, pool.share, notes=tuple(said))
