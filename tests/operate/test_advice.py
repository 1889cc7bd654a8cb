"""What holds for the workers of any queue."""

from __future__ import annotations

import pytest

from autoscaling_env.farm_kind import Finding
from operate.advice import (
    GRACE,
    PRE_STOP,
    STOPPING,
    TERM,
    before_stop_finding,
    failing_first,
    grace_finding,
    longest_of,
    of_workers,
    shell_finding,
)
from operate.template import WorkerTemplate


def template(**changes):
    return WorkerTemplate("deployment/worker", **({"command": ("worker",)} | changes))


def test_a_grace_shorter_than_the_work_is_named_with_the_exact_change():
    found = grace_finding(template(grace_s=30.0), 120.0, "tasks.service_time", "acks_late")
    assert not found.ok
    assert "30 s" in found.detail
    assert "120 s (tasks.service_time)" in found.detail
    assert found.remedy == "set terminationGracePeriodSeconds: 122 in deployment/worker; acks_late"
    assert grace_finding(template(grace_s=122.0), 120.0).ok


def test_what_a_prestop_waits_comes_off_the_grace():
    waits = template(grace_s=30.0, before_stop="sh -c 'sleep 15'")
    assert grace_finding(waits, 13.0).ok
    short = grace_finding(waits, 14.0)
    assert not short.ok
    assert "15 s of them in preStop" in short.detail
    assert "31" in short.remedy


def test_tasks_of_hours_had_better_be_cut():
    assert "cut such tasks" in grace_finding(template(), 7200.0).remedy


@pytest.mark.parametrize("line", ["python worker.py", "python worker.py; echo over", "exec python worker.py | tee log"])
def test_a_shell_in_front_of_the_worker_keeps_the_signal(line):
    found = shell_finding(template(command=("sh", "-c", line)))
    assert not found.ok
    assert "it gets SIGTERM, the worker does not" in found.detail
    assert "`exec python worker.py`" in found.remedy


@pytest.mark.parametrize("command", [("worker",), ("sh", "-c", "exec worker"), ("tini", "--", "worker")])
def test_a_worker_that_is_told_itself_is_fine(command):
    assert shell_finding(template(command=command)).ok


def test_of_an_image_s_own_command_nothing_is_said():
    assert shell_finding(template(command=())) is None
    assert before_stop_finding(template()) is None


@pytest.mark.parametrize(
    ("does", "ok"),
    [
        ("sleep 5", True),
        ("GET :8080/drain", True),
        ("kill -TERM 1", True),
        ("kill -9 1", False),
        ("pkill -KILL celery", False),
        ("sleep 30", False),
    ],
)
def test_a_prestop_must_leave_the_worker_alone_and_time(does, ok):
    found = before_stop_finding(template(before_stop=does))
    assert found.ok is ok
    assert bool(found.remedy) is not ok


def test_what_the_source_says_stands_in_the_place_of_what_holds_for_all():
    own = Finding(GRACE, True, "a task may take 10 s at most: task_time_limit")
    other = Finding("acks_late", False, "off", "turn it on")
    found = of_workers(template(before_stop="sleep 1"), 1e6, "tasks.service_time", [other, own])
    assert [each.what for each in found] == [TERM, PRE_STOP, GRACE, "acks_late"]
    assert found[2] is own


def test_where_nobody_tells_how_a_worker_starts_that_is_said_and_nothing_is_wrong():
    (found,) = of_workers(None, 10.0, "tasks.service_time")
    assert found.what == STOPPING
    assert found.ok


def test_the_longest_task_is_believed_to_be_far_above_the_mean():
    assert longest_of(10.0, 0.0) == 10.0
    assert longest_of(10.0, 1.0) == 40.0


def test_what_is_wrong_comes_first():
    good, bad = Finding("a", True, ""), Finding("b", False, "", "do")
    assert list(failing_first([good, bad, good])) == [bad, good, good]
