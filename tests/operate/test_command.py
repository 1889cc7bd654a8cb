"""What a worker's command really runs."""

from __future__ import annotations

import shlex

import pytest

from operate.command import becomes, flagged, option, program, shell_line

CELERY = ("celery", "-A", "app", "worker")


@pytest.mark.parametrize(
    "command",
    [
        "celery -A app worker",
        "tini -- celery -A app worker",
        "/sbin/tini -g -- celery -A app worker",
        "env -u HOME LOG=debug celery -A app worker",
        "gosu app celery -A app worker",
        "uv run celery -A app worker",
        "python -m celery -A app worker",
        "/usr/bin/python3.13 -u -m celery -A app worker",
        "sh -c 'celery -A app worker'",
        "bash -lc 'celery -A app worker'",
        "sh -e -c 'exec celery -A app worker'",
        "sh -c 'cd /app && ./migrate; LOG=debug exec celery -A app worker'",
        "sh -c 'celery -A app worker | tee log'",
        "sh -c 'celery -A app worker; echo over'",
        "tini -- bash -c 'exec env A=1 celery -A app worker'",
        "busybox sh -c 'exec celery -A app worker'",
    ],
)
def test_whatever_stands_in_front_the_program_is_found(command):
    assert program(shlex.split(command)) == CELERY


@pytest.mark.parametrize(
    ("line", "whether"),
    [
        ("exec celery worker", True),
        ("cd /app && exec celery worker", True),
        ("migrate\nexec celery worker", True),
        ("A=1 exec celery worker", True),
        ("celery worker", False),
        ("exec celery worker | tee log", False),
        ("tail -f log | exec celery worker", False),
        ("exec celery worker &", False),
        ("celery worker; echo 'exec done'", False),
        ("echo 'unfinished", False),
        ("", False),
    ],
)
def test_a_shell_becomes_the_worker_only_by_exec(line, whether):
    assert becomes(line) is whether


def test_a_script_and_a_program_are_no_line_of_a_shell():
    assert shell_line(("celery", "-c", "4")) is None
    assert shell_line(("sh", "run.sh")) is None
    assert shell_line(("sh", "-c")) is None
    assert shell_line(()) is None
    assert program(()) == ()
    assert program(("python", "worker.py", "-m", "x")) == ("python", "worker.py", "-m", "x")


@pytest.mark.parametrize("given", ["-P solo", "-Psolo", "--pool solo", "--pool=solo", "-P prefork --pool=solo"])
def test_an_option_is_read_however_it_is_written(given):
    assert option(shlex.split(f"celery worker {given} -E"), "--pool", "-P") == "solo"


def test_what_is_not_given_is_none():
    assert option(CELERY, "--pool", "-P") is None
    assert option(("celery", "-P"), "--pool", "-P") == ""
    assert flagged(("celery", "worker", "-E"), "-E", "--task-events")
    assert not flagged(CELERY, "-E", "--task-events")
