"""Alibaba's microservice traces 2021 and 2022, ``MSCallGraph``: a row for each call between two services.

https://github.com/alibaba/clusterdata (cluster-trace-microservices-v2021 and -v2022)
"""

from __future__ import annotations

import numpy as np

from autoscaling_env.errors import nearest
from workloads.events import Events
from workloads.traces.columns import SERVICE, TIME, numbers
from workloads.traces.opened import TraceFile
from workloads.traces.options import Options
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection
from workloads.traces.source import table

COLUMNS = ("timestamp", "traceid", "um", "rpctype", "dm", "rt")
MS_PER_S = 1000.0


def read_alibaba(file: TraceFile, options: Options, selection: Selection) -> Events:
    """Read the calls to all services, or to the one that ``series`` names (its ``dm``).

    A remote call is recorded by both ends, with one ``traceid`` and ``rpcid``: it is counted once, where both stand
    in the same part of the file. Times are milliseconds; a negative response time is that of the other end.
    """
    source = table(file)
    selection.no_functions(source, "Alibaba's call graph")
    rpc = next((name for name in ("rpcid", "rpc_id") if name in source.header), None)
    if rpc is None:
        source.problems.fail(source.header_line, "no column 'rpcid' (v2022: rpc_id); a call graph has it")
    pool, twice = Pool(), 0
    seen: set[str] = set()
    for chunk in source.chunks((*COLUMNS, rpc)):
        once = chunk[~chunk.duplicated(["traceid", rpc, "dm"]).to_numpy()]
        twice += len(chunk) - len(once)
        if options.series is not None:
            seen.update(once["dm"].astype(str).unique()[:1000])
            once = once[(once["dm"].astype(str) == options.series).to_numpy()]
        arrival = numbers(once, "timestamp", source.problems, TIME) / MS_PER_S
        pool.add(arrival, np.abs(numbers(once.assign(rt=once["rt"].abs()), "rt", source.problems, SERVICE)) / MS_PER_S)
    source.problems.check()
    arrival_s, service_s = pool.columns(2)
    if options.series is not None and not len(arrival_s):
        hint = nearest(options.series, seen)
        source.problems.fail(None, f"no call to the service {options.series!r}{hint}")
    said = f"Read calls to {options.series or 'all services'}, times in ms; {twice} recorded by both ends counted once."
    unused = source.unused(*COLUMNS, rpc, "interface", "service", "uminstanceid", "dminstanceid")
    return events(source, selection, arrival_s, {"service_s": service_s}, pool.share, notes=(said, *unused))
