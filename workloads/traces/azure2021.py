"""Azure Functions Invocation Trace 2021: one row per invocation, with its end and its duration.

https://github.com/Azure/AzurePublicDataset/blob/master/AzureFunctionsInvocationTrace2021.md
"""

from __future__ import annotations

from workloads.events import Events
from workloads.traces.columns import SERVICE, TIME, numbers
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection
from workloads.traces.source import Source


def read_azure2021(source: Source, selection: Selection) -> Events:
    """Read invocations, sorted by ``end_timestamp - duration``, counted from the first of those."""
    pool = Pool()
    for chunk in source.chunks(("func", "end_timestamp", "duration")):
        end_s = numbers(chunk, "end_timestamp", source.problems, TIME)
        service_s = numbers(chunk, "duration", source.problems, SERVICE)
        chosen = selection.rows(chunk["func"])
        pool.add((end_s - service_s)[chosen], service_s[chosen])
    source.problems.check()
    selection.check_found(source)
    arrival_s, service_s = pool.columns(2)
    unused = source.unused("app", "func", "end_timestamp", "duration")
    return events(source, selection, arrival_s, {"service_s": service_s}, pool.share, notes=unused)
