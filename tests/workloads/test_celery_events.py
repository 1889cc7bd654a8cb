"""Celery's events: what its own dumper prints and its own state tells, and the events as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from celery.events.dumper import Dumper  # type: ignore[import-untyped]
from celery.events.state import State  # type: ignore[import-untyped]
from numpy.testing import assert_allclose

from autoscaling_env.errors import TraceError
from tests.places import ROOT
from tests.workloads.making import traced
from workloads.trace import TraceWorkload

START_S = 1_800_000_000.0
Events = list[dict[str, Any]]
#: What Flower's /api/tasks tells of a task.
TOLD = (
    "uuid", "name", "state", "received", "sent", "started", "rejected", "succeeded", "failed", "retried", "revoked",
    "args", "kwargs", "eta", "expires", "retries", "result", "exception", "timestamp", "runtime", "traceback",
)  # fmt: skip


def event(kind: str, uuid: str, at_s: float, **fields: Any) -> dict[str, Any]:
    """An event as a worker sends it."""
    common = {"hostname": "celery@host", "utcoffset": 0, "pid": 7, "clock": 1, "local_received": START_S + at_s}
    return {"type": f"task-{kind}", "uuid": uuid, "timestamp": START_S + at_s, **common, **fields}


def came(kind: str, uuid: str, at_s: float, name: str, **fields: Any) -> dict[str, Any]:
    """``sent`` or ``received``, which are the ones with a name; arguments may look like anything."""
    hostile = "('a, runtime=77, eta=2031-01-01T00:00:00+00:00, b(c) args=',)"
    more = {"args": hostile, "kwargs": "{'runtime': 5}", "eta": None, "retries": 0, "root_id": uuid, "expires": None}
    return event(kind, uuid, at_s, name=name, **{**more, **fields})


def ordinary(uuid: str, at_s: float, name: str, work_s: float, *, sent: bool = True) -> Events:
    """A task that succeeds, a second after it came; its result looks like a runtime."""
    return [
        *([came("sent", uuid, at_s, name, queue="celery")] if sent else []),
        came("received", uuid, at_s + 0.5, name),
        event("started", uuid, at_s + 1.0),
        event("succeeded", uuid, at_s + 1.0 + work_s, result="'runtime=55, x'", runtime=work_s),
    ]


def as_json(events: Events, file: Path) -> None:
    file.write_text("".join(json.dumps(each) + "\n" for each in events))


def as_dump(events: Events, file: Path) -> None:
    with file.open("w") as out:
        dumper = Dumper(out)
        dumper.say("-> evdump: starting capture...")
        for each in events:
            dumper.on_event(dict(each))
        dumper.say("-> Connection lost, attempting reconnect")


def as_flower(events: Events, file: Path) -> None:
    state = State()
    for each in events:
        state.event(dict(each))
    told = {uuid: {name: getattr(task, name) for name in TOLD} for uuid, task in state.tasks.items()}
    file.write_text(json.dumps(told))


WRITERS = [as_json, as_dump, as_flower]
Writer = Callable[[Events, Path], None]


def read(folder: Path, events: Iterable[dict[str, Any]], write: Writer = as_json, **options: Any) -> TraceWorkload:
    write(list(events), folder / "events")
    return traced(folder / "events", as_recorded=True, **options)


def recorded(workload: TraceWorkload) -> list[tuple[float, str, float]]:
    """Arrival from the start, name and work of each task."""
    assert workload.work is not None
    assert workload.began_s is not None
    names = [workload.work.names[place] for place in workload.work.task]
    arrival_s = np.round(workload.draw(0).arrival_s + workload.began_s - START_S, 3).tolist()
    return list(zip(arrival_s, names, np.round(workload.work.service_s, 6).tolist(), strict=True))


@pytest.mark.parametrize("write", WRITERS)
def test_each_task_came_when_it_was_sent_and_took_its_runtime(tmp_path: Path, write: Writer) -> None:
    events = [
        {"type": "worker-heartbeat", "timestamp": START_S, "hostname": "celery@host", "freq": 2.0},
        *ordinary("a", 0.0, "shop.mail", 2.0),
        *ordinary("b", 1.5, "shop.report", 10.0),
        *ordinary("c", 3.0, "shop.mail", 3.0),
    ]
    workload = read(tmp_path, events, write)
    assert recorded(workload) == [(0, "shop.mail", 2), (1.5, "shop.report", 10), (3, "shop.mail", 3)]
    assert workload.notes[0] == "events (celery-events): 3 tasks over 4.5 s."
    assert workload.notes[1] == "Read Celery's events: 3 of 3 tasks were seen when they were sent."
    assert len(read(tmp_path, events, write, functions=["shop.r"]).draw(0)) == 1


def test_what_a_real_worker_was_heard_to_do() -> None:
    """Captured from a Celery 5.7 with `events --dump`; one task fails, and is tried again a second later."""
    workload = traced(ROOT / "tests" / "data" / "celery_events.txt", as_recorded=True)
    assert workload.work is not None
    assert {each.name: (each.tasks, each.known) for each in workload.work.by_name()} == {
        "shop.mail": (2, 2),
        "shop.report": (2, 2),
        "shop.broken": (2, 2),
    }
    assert workload.notes[1:3] == (
        "Read Celery's events: 6 of 6 tasks were seen when they were sent.",
        "1 tries of tasks that were tried before are tasks of their own.",
    )
    slept = next(each for each in workload.work.by_name() if each.name == "shop.report")
    assert slept.mean_s == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("write", WRITERS)
def test_a_failed_task_took_from_its_start_to_its_end(tmp_path: Path, write: Writer) -> None:
    trace = 'Traceback (most recent call last):\n  File "x.py", line 1\nValueError: runtime=9'
    failed = [
        came("received", "f", 1.0, "shop.mail"),
        event("started", "f", 2.0),
        event("failed", "f", 6.0, exception="ValueError('runtime=9')", traceback=trace),
    ]
    workload = read(tmp_path, [*ordinary("a", 0.0, "shop.mail", 2.0), *failed], write)
    assert recorded(workload) == [(0, "shop.mail", 2), (1, "shop.mail", 4)]
    assert "1 of 2 tasks were seen when they were sent" in workload.notes[1]
    assert "task_send_sent_event" in workload.notes[1]
    assert "before the capture" not in " ".join(workload.notes)


@pytest.mark.parametrize("write", [as_json, as_dump])
def test_each_try_is_a_task_of_its_own(tmp_path: Path, write: Writer) -> None:
    eta = "2027-01-15T08:00:40+00:00"  # START_S + 40
    tried = [
        came("sent", "r", 1.0, "shop.pay"),
        came("received", "r", 1.1, "shop.pay"),
        event("started", "r", 1.2),
        came("sent", "r", 3.0, "shop.pay", eta=eta, retries=1),
        event("retried", "r", 3.2, exception="Retry()", traceback="…"),
        came("received", "r", 3.3, "shop.pay", eta=eta, retries=1),
        event("started", "r", 40.5),
        event("succeeded", "r", 41.5, runtime=1.0, result="None"),
    ]
    workload = read(tmp_path, [*ordinary("a", 0.0, "shop.mail", 2.0), *tried], write)
    assert recorded(workload) == [(0, "shop.mail", 2), (1, "shop.pay", 2), (40, "shop.pay", 1)]
    assert "1 tries of tasks that were tried before are tasks of their own." in workload.notes


def test_what_a_lost_worker_held_came_again(tmp_path: Path) -> None:
    again = [
        came("received", "l", 1.0, "shop.mail"),
        event("started", "l", 1.5),
        came("received", "l", 90.0, "shop.mail"),
        event("started", "l", 90.5),
        event("succeeded", "l", 92.5, runtime=2.0, result="None"),
    ]
    (first, second) = recorded(read(tmp_path, again))
    assert first[:2] == (1, "shop.mail")
    assert np.isnan(first[2])
    assert second == (90, "shop.mail", 2)


def test_clocks_that_differ_make_no_second_task(tmp_path: Path) -> None:
    events = ordinary("a", 0.0, "shop.mail", 2.0)
    events[0]["timestamp"] += 7.0  # the producer's clock is ahead of the worker's
    assert len(read(tmp_path, [*events, *ordinary("b", 1.0, "shop.mail", 1.0)]).draw(0)) == 2


def test_what_was_never_begun_is_left_out_and_what_runs_is_not_known(tmp_path: Path) -> None:
    events = [
        *ordinary("a", 0.0, "shop.mail", 2.0),
        came("received", "w", 1.0, "shop.mail"),
        event("revoked", "w", 1.5, terminated=False, expired=True, signum=None),
        came("received", "x", 2.0, "shop.mail"),
        event("started", "x", 2.5),
        came("sent", "y", 3.0, "shop.mail"),
    ]
    workload = read(tmp_path, events)
    assert [each[0] for each in recorded(workload)] == [0, 2, 3]
    assert "Left out: 1 that were revoked before a worker began them." in workload.notes
    assert "The work of 2 of 3 tasks is not recorded" in " ".join(workload.notes)
    assert_allclose(workload.draw(0).service_s, 2.0)


@pytest.mark.parametrize(("write", "tasks"), [(as_json, 2), (as_dump, 1)])
def test_what_came_before_the_capture_is_said(tmp_path: Path, write: Writer, tasks: int) -> None:
    before = [event("succeeded", "z", 4.0, runtime=3.0, result="None")]
    workload = read(tmp_path, [*before, *ordinary("a", 2.0, "shop.mail", 2.0)], write)
    assert len(workload.draw(0)) == tasks
    said = " ".join(workload.notes)
    if write is as_dump:
        assert "Not used: 1 events of tasks that came before the capture began." in said
    else:
        assert "1 tasks came before the capture began; taken to have come when they began." in said
        assert recorded(workload)[0] == (1, "(no name)", 3)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"type": "task-received", "uuid": "a", "timestamp": "noon"}\n', ":1: an event of a task without a number"),
        ('{"type": "worker-online", "timestamp": 1.0}\n', ": has no event of a task that came"),
        ('{"type": "task-received", "uuid": "a", "timestamp": 1.0\n', ":1: not valid JSON"),
        ("-> evdump: starting capture...\n", ": has no event of a task that came"),
        (
            "h [2026-99-01 10:00:00] task started: n(a) args=() kwargs={} clock=1",
            ":1: time: '2026-99-01 10:00:00': must",
        ),
        ('{"a": {"uuid": "a", "received": 1, "state": "S", "name": "n"}, "b": 3}', ": task 'b': is no object"),
    ],
)
def test_a_bad_capture_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "events").write_text(text)
    with pytest.raises(TraceError) as refused:
        traced(tmp_path / "events")
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
