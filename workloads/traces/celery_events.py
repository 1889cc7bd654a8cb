"""Celery's events: as lines of JSON, as ``celery events --dump`` prints them, or as Flower's ``/api/tasks`` tells them.

https://docs.celeryq.dev/en/stable/userguide/monitoring.html (types of events and their fields)
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from workloads.events import Events
from workloads.traces.celery_tasks import KINDS, Lives
from workloads.traces.documents import MAX_BYTES
from workloads.traces.k6 import json_object
from workloads.traces.opened import TraceFile
from workloads.traces.plain import Tasks, events
from workloads.traces.pool import Pool
from workloads.traces.selection import Selection

#: A line of the dump: host, time, and what happened; a task is told with its name and id where its arrival was seen.
LINE = re.compile(r"^\S+ \[(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[^\]]*)\] (?P<what>[a-z][a-z ]*)(?:: ?(?P<rest>.*))?$")
TASK = re.compile(r"^(?P<name>\S+?)\((?P<uuid>[^()\s]+)\) args=")
#: The last ones in a line: arguments and results come before, and may hold anything.
RUNTIME = re.compile(r".*\bruntime=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")
ETA = re.compile(r".*\beta=([^,\s]+)")


def is_celery_events(head: tuple[str, ...]) -> bool:
    """Whether the first lines are Celery's events, in any of the three."""
    first = head[0]
    if first.startswith("{"):
        return _is_json(first) or _is_flower("".join(head)[:4000])
    return first.startswith("-> evdump") or (len(first) < 10_000 and LINE.match(first) is not None)


def read_celery_events(file: TraceFile, selection: Selection) -> Events:
    """Read a task for each time that one was sent to a worker: tries of the same task are tasks of their own.

    It came when it was sent, else when a worker received it, or at its ``eta``. Its work is its ``runtime``, else the
    time from its start to its end.
    """
    lives = Lives()
    if _is_json(file.head[0]):
        _read_json(file, lives)
    elif file.head[0].startswith("{"):
        _read_flower(file, lives)
    else:
        _read_dump(file, lives)
    file.problems.check()
    came_s, work_s, code, names, said = lives.tasks()
    chosen = selection.named(names, file)[code] if len(code) else np.zeros(0, dtype=bool)
    pool = Pool()
    pool.add(came_s[chosen], work_s[chosen], code[chosen].astype(np.float64))
    if not pool.held:
        file.problems.fail(None, "has no event of a task that came; capture task-received, or task-sent, too")
    arrival_s, service_s, place = pool.columns(3)
    tasks = Tasks(place.astype(np.int64), names)
    return events(file, selection, arrival_s, {"service_s": service_s}, pool.share, notes=said, tasks=tasks)


def _is_json(line: str) -> bool:
    spaced = line.replace('": "', '":"')
    return '"timestamp"' in line and ('"type":"task-' in spaced or '"type":"worker-' in spaced)


def _is_flower(start: str) -> bool:
    return all(f'"{word}"' in start for word in ("uuid", "received", "state", "name"))


def _read_json(file: TraceFile, lives: Lives) -> None:
    for first, block in file.blocks():
        for number, line in enumerate(block.splitlines(), first):
            if line.strip():
                _take(file, number, json_object(file, number, line), lives)


def _take(file: TraceFile, number: int, event: Mapping[str, Any], lives: Lives) -> None:
    kind = str(event.get("type", "")).removeprefix("task-")
    if kind not in KINDS:
        return
    at_s, uuid = event.get("timestamp"), event.get("uuid")
    if not isinstance(at_s, int | float) or not isinstance(uuid, str):
        file.problems.add(number, "an event of a task without a number as timestamp, or without uuid")
        return
    lives.add(uuid, kind, float(at_s), event.get("name"), event.get("runtime"), _moment(event.get("eta")))


def _read_flower(file: TraceFile, lives: Lives) -> None:
    try:
        document = json.loads(file.document(MAX_BYTES))
    except ValueError as error:
        file.problems.fail(getattr(error, "lineno", None), f"not valid JSON: {getattr(error, 'msg', error)}")
    for uuid, task in document.items():
        if not isinstance(task, dict):
            file.problems.fail(None, f"task {uuid!r}: is no object; Flower's /api/tasks has one for each task")
        for kind in KINDS:
            if isinstance(at_s := task.get(kind), int | float) and at_s:
                lives.add(uuid, kind, float(at_s), task.get("name"), task.get("runtime"), _moment(task.get("eta")))


def _read_dump(file: TraceFile, lives: Lives) -> None:
    for first, block in file.blocks():
        for number, line in enumerate(block.decode("utf-8", "replace").split("\n"), first):
            found = LINE.match(line.rstrip("\r"))
            if found and found["what"].startswith("task "):
                _told(
                    file, number, found, lives
                )  # other lines are of workers, of the capture, or go on with a traceback


def _told(file: TraceFile, number: int, found: re.Match[str], lives: Lives) -> None:
    kind, rest = found["what"].removeprefix("task "), found["rest"] or ""
    if kind not in KINDS:
        return
    task = TASK.match(rest.strip())
    if task is None:
        lives.strangers += 1
        return
    runtime, eta = RUNTIME.match(rest), ETA.match(rest)
    at_s = _moment(found["at"])
    if at_s is None:
        file.problems.bad_value(number, "time", found["at"], "a date such as 2026-01-31 14:05:00.123456+00:00")
        return
    lives.add(
        task["uuid"],
        kind,
        at_s,
        task["name"],
        float(runtime[1]) if runtime and kind == "succeeded" else None,
        _moment(eta[1]) if eta and kind in {"sent", "received"} else None,
    )


def _moment(text: Any) -> float | None:
    """Return seconds since 1970 of a date in ISO 8601, without a zone in UTC; None where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
