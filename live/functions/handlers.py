"""What a worker does with a task. Name your own with ``module:function``: it is called with a ``Task``."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from autoscaling_env.errors import InputError


@dataclass(frozen=True, slots=True)
class Task:
    """A task as its handler sees it.

    Attributes:
        id: its number in the episode.
        service_s: episode seconds of work.
        deadline_s: the longest response time that counts as met, episode seconds.
        time_scale: real seconds per episode second.
        progress: to be called now and then by a handler that works longer than ``hang_s`` real seconds.
        fields: everything the task's JSON holds.
    """

    id: int
    service_s: float
    deadline_s: float
    time_scale: float
    progress: Callable[[], None]
    fields: dict[str, Any] = field(default_factory=dict)


#: Returns anything JSON can say; an exception is a failed delivery.
Handler: TypeAlias = Callable[[Task], Any]


def sleep(task: Task) -> None:
    """Wait for the task's service time: the reference worker."""
    time.sleep(task.service_s * task.time_scale)


def spin(task: Task) -> int:
    """Keep one CPU busy for the task's service time; return how many rounds it took."""
    end, rounds = time.monotonic() + task.service_s * task.time_scale, 0
    while time.monotonic() < end:
        rounds += 1
    return rounds


def load(name: str) -> Handler:
    """Import ``module:function``, from the current folder first.

    Raises:
        InputError: it is not written that way, or there is no such function.
    """
    module_name, colon, function_name = name.partition(":")
    if not (module_name and colon and function_name):
        raise InputError(f"handler {name!r}: write module:function, such as live.functions.handlers:sleep")
    try:
        with _current_folder_first():
            handler = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, OSError, TypeError, ValueError) as error:
        raise InputError(f"handler {name!r}: {error}; is its package installed where the workers run?") from None
    if not callable(handler):
        raise InputError(f"handler {name!r} is not a function")
    function: Handler = handler
    return function


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Find the user's modules where the farm was started; what was imported before, ours, stays what it is.

    After the block the folder comes last: it is there for what the handler imports while it works.
    """
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
        if here not in sys.path:
            sys.path.append(here)


def parse_task(body: str, time_scale: float, progress: Callable[[], None]) -> Task:
    """Read a task's JSON; a task that somebody else put on the queue may lack all but ``id``."""
    fields = json.loads(body)
    return Task(
        id=int(fields["id"]),
        service_s=float(fields.get("service_s", 0.0)),
        deadline_s=float(fields.get("deadline_s", 0.0)),
        time_scale=time_scale,
        progress=progress,
        fields=fields,
    )
