"""Access logs of nginx and Apache, in common and combined form, with a request time or without.

https://httpd.apache.org/docs/current/mod/mod_log_config.html, https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np

from workloads.events import Events
from workloads.traces.lines import matched
from workloads.traces.opened import TraceFile
from workloads.traces.plain import events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection

#: Host and user, the time, the request, status and size; then what a site has added.
LINE = re.compile(
    rb"^[^\n\[]*\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    rb'"(?:[^"\\\n]|\\.)*" (?:\d{3}|-) (?:\d+|-)([^\n]*)$',
    re.MULTILINE,
)
#: A request time by its name, wherever it stands; or seconds with a decimal point at the end, the first of several.
NAMED = re.compile(rb'[ "](?:rt|request_time|reqtime|req_time)[=:]"?(\d+\.\d+)', re.IGNORECASE)
#: The controller of Kubernetes' ingress: request length, request time, then the upstream in brackets.
INGRESS = re.compile(rb'" \d+ (\d+\.\d+) \[')
TRAILING = re.compile(rb'(?: "?(\d+\.\d+)"?)(?: "?(?:\d+\.\d+|-)"?)*\s*$')
WHOLE = re.compile(rb'(?:^| )"?\d+"?\s*$')
#: Something after referer and agent.
MORE = re.compile(rb'^ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" *\S')
STAMP = "%d/%b/%Y:%H:%M:%S %z"


def is_access_log(head: tuple[str, ...]) -> bool:
    """Whether one of the first lines is one of an access log."""
    return any(LINE.match(line.encode()) for line in head[:20])


def read_access_log(file: TraceFile, selection: Selection) -> Events:
    """Read a task for every request. Request times are service times; a log is written at a request's end."""
    if selection.functions:
        file.problems.fail(None, "an access log does not name functions; leave out `functions`")
    known: dict[bytes, float] = {}
    pool, time_of, whole, more = Pool(), _time_of(file.head), False, False
    for found in matched(file, LINE, "a line of an access log"):
        end_s = np.array([_seconds(stamp, known) for stamp, _ in found])
        if time_of is None:
            whole = whole or WHOLE.search(found[0][1]) is not None
            more = more or MORE.search(found[0][1]) is not None
            pool.add(end_s)
            continue
        took_s = np.array([_request_time(rest, time_of) for _, rest in found])
        for index in np.flatnonzero(np.isnan(took_s))[:5]:
            file.problems.add(
                None, f"no request time in a line that ends with {found[index][1][-40:]!r}; others have one"
            )
        pool.add(end_s - took_s, took_s)
    file.problems.check()
    if time_of is None:
        return events(file, selection, pool.columns(1)[0], {}, pool.share, notes=_notes(whole, more))
    arrival_s, took_s = pool.columns(2)
    said = "Read an access log: it has request times, so a request came that long before its line's time."
    return events(file, selection, arrival_s, {"service_s": took_s}, pool.share, notes=(said,))


def _time_of(head: tuple[str, ...]) -> re.Pattern[bytes] | None:
    """Return the pattern that finds a request time in what follows the size of most of the first lines."""
    rests = [found[2] for line in head[:50] if (found := LINE.match(line.encode()))]
    for pattern in (NAMED, INGRESS, TRAILING):
        if sum(pattern.search(rest) is not None for rest in rests) > len(rests) / 2:
            return pattern
    return None


def _seconds(stamp: bytes, known: dict[bytes, float]) -> float:
    """Return the seconds of a stamp; lines of one second share theirs."""
    seconds = known.get(stamp)
    if seconds is None:
        try:
            seconds = datetime.strptime(stamp.decode(), STAMP).timestamp()  # noqa: DTZ007 - STAMP has %z
        except ValueError:
            seconds = np.nan
        if len(known) > 1_000_000:
            known.clear()
        known[stamp] = seconds
    return seconds


def _request_time(rest: bytes, pattern: re.Pattern[bytes]) -> float:
    found = pattern.search(rest)
    return float(found[1]) if found else np.nan


def _notes(whole: bool, more: bool) -> tuple[str, ...]:
    said = ["Read an access log without request times; arrivals have whole seconds."]
    if more and not whole:
        said.append("Not used: what stands after the agent.")
    if whole:
        said.append("Not used: the whole number at the end of lines, whose unit is not told (Apache's %D, %T).")
    return tuple(said)
