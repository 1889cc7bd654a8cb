"""Handlers that misbehave on task 3 and do every other one well."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

from live.functions.handlers import Task, sleep

BAD = 3


def raises(task: Task) -> None:
    if task.id == BAD:
        raise ValueError("no such picture")
    sleep(task)


def exits(task: Task) -> None:
    if task.id == BAD:
        sys.exit(5)
    sleep(task)


def vanishes(task: Task) -> None:
    if task.id == BAD:
        os._exit(9)
    sleep(task)


def aborts(task: Task) -> None:
    if task.id == BAD:
        os.abort()
    sleep(task)


def eats_memory(task: Task) -> int:
    sleep(task)
    return len(bytearray(1 << 40)) if task.id == BAD else 0


def huge_result(task: Task) -> str:
    sleep(task)
    return "x" * (100_000_000 if task.id == BAD else 1)


def strange_result(task: Task) -> object:
    return object() if task.id == BAD else None


def hangs(task: Task) -> None:
    if task.id == BAD:
        time.sleep(3600)
    sleep(task)


#: What a poisoned batch asks for: the place in this list, added to a deadline of ten seconds.
POISONS = (raises, exits, vanishes, aborts, eats_memory, huge_result, strange_result)


def poison(task: Task) -> object:
    """Misbehave as the batch says, so that one farm serves for all poisons."""
    return POISONS[int(task.deadline_s) - 10](task)


def swallows(task: Task) -> None:
    """Lets no exception through, whoever raises it."""
    for _ in range(100):
        with contextlib.suppress(Exception):
            time.sleep(task.service_s * task.time_scale / 100)


def forks_and_returns(task: Task) -> None:
    """Its child comes back from the handler as if it were the worker."""
    os.fork()
    sleep(task)


def leaves_a_child(task: Task) -> None:
    subprocess.Popen(["sleep", "3607"])
    sleep(task)


def plods(task: Task) -> None:
    """Works longer than allowed without progress, but says that it gets on."""
    for _ in range(10):
        time.sleep(task.service_s * task.time_scale / 10)
        task.progress()
