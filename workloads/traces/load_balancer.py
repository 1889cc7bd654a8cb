"""Access logs of AWS load balancers: the Application Load Balancer's, and the Classic one's.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import re

import numpy as np

from workloads.events import Events
from workloads.traces.lines import instants, matched
from workloads.traces.opened import TraceFile
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection

#: type (not of the Classic one), time, balancer, client, target, then the three processing times and the status.
LINE = re.compile(
    rb"^(?:(?:https?|h2|grpcs|wss?) )?(\d{4}-\d\d-\d\dT[\d:.]+Z) \S+ \S+ \S+ "
    rb"(-?[\d.]+) (-?[\d.]+) (-?[\d.]+) (?:\d{3}|-) [^\n]*$",
    re.MULTILINE,
)


def is_load_balancer_log(head: tuple[str, ...]) -> bool:
    """Whether the first line is one of such a log."""
    return LINE.match(head[0].encode()) is not None


def read_load_balancer_log(file: TraceFile, selection: Selection) -> Events:
    """Read a task for every request: its three processing times are its service time, its time is when they were over.

    Of -1, where the target did not answer, nothing is known: it counts as no time.
    """
    if selection.functions:
        file.problems.fail(None, "a load balancer's log does not name functions; leave out `functions`")
    pool, unanswered = Pool(), 0
    for found in matched(file, LINE, "a line of a load balancer's access log"):
        stamps, *parts = zip(*found, strict=True)
        times_s = np.array(parts, dtype=np.float64)
        unanswered += int((times_s < 0).any(axis=0).sum())
        took_s = np.maximum(times_s, 0.0).sum(axis=0)
        pool.add(instants(list(stamps)) - took_s, took_s)
    arrival_s, took_s = pool.columns(2)
    said = ["Read a load balancer's log: a request came its processing times before its line's time."]
    if unanswered:
        said.append(
            f"{unanswered} requests were not answered by a target: what is not known of their times counts as 0."
        )
    return events(file, selection, arrival_s, {"service_s": took_s}, pool.share, notes=tuple(said))
