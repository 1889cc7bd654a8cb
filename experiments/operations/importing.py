"""What somebody's queue keeps of its past, asked for and written as one recording that traces are read from."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from autoscaling_env.config.loading import layer, read_source, validated
from autoscaling_env.config.problems import Source as Layer
from autoscaling_env.config.yaml import parse
from autoscaling_env.errors import BackendError, InputError, nearest
from autoscaling_env.secrets import without_passwords
from operate.config import Duration, OperateConfig, operate_model
from operate.kinds import source_kinds
from operate.reading import KeptTasks
from operate.source import Recalls, Remembers, Source
from workloads.recordings import in_seconds
from workloads.work import NamedWork, name_codes
from workloads.writing import write_counts, write_recording

_DURATION: TypeAdapter[float] = TypeAdapter(Duration)
#: How far back a queue is asked where nobody says it.
SINCE_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose queue is asked, and how a controller would count its tasks.

    Attributes:
        source: the settings of a kind of source.
        interval_s: seconds of a step.
        period_s: after so long things repeat.
        recall_s: how far back the controller asks; 0: it does not.
    """

    source: Any
    interval_s: float = OperateConfig.model_fields["interval"].default
    period_s: float = OperateConfig.model_fields["period"].default
    recall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What a queue kept.

    Attributes:
        described: whose queue it is.
        file: the recording.
        tasks: how many there are.
        first_s: Unix time of the first task, or at which the first step begins.
        last_s: Unix time of the last task, or at which the last step ends.
        work: what the tasks are called, and their work; None: only their number is known.
        remarks: what is missing and why, a sentence each.
    """

    described: str
    file: Path
    tasks: int
    first_s: float
    last_s: float
    work: NamedWork | None
    remarks: tuple[str, ...] = ()


def asked_queue(config: Path | None, settings: Sequence[str]) -> Asked:
    """Return whose queue a controller's configuration and ``key=value`` settings of its source name.

    Args:
        config: a controller's YAML; None: the settings say everything.
        settings: such as ``url=redis://localhost:6379/0``; they win over the configuration's.

    Raises:
        ConfigError: every problem found, one line each.
        InputError: there is no such kind of source.
    """
    layers = [_layer(each) for each in settings]
    if config is not None:
        under = [Layer(each.name, {"source": each.data}, {}) for each in layers]
        found = validated(operate_model(), [read_source(config), *under])
        return Asked(found.source, found.interval, found.period, found.recall)
    kinds = source_kinds()
    named = next((str(each.data["kind"]) for each in reversed(layers) if "kind" in each.data), "")
    if named not in kinds:
        hint = nearest(named, kinds)
        raise InputError(f"--source kind={named or '...'}{hint}: must be one of {', '.join(kinds)}")
    return Asked(validated(kinds[named].settings, layers))


def since_of(text: str | None, asked: Asked) -> float:
    """Return how many seconds back a queue is asked, as people write it; what its controller recalls, or a week.

    Raises:
        InputError: it is no duration.
    """
    if text is None:
        return asked.recall_s or SINCE_S
    try:
        return _DURATION.validate_python(text)
    except ValidationError:
        raise InputError(f"--since {text}: must be a duration such as 24h or 7d") from None


def import_past(
    asked: Asked, since_s: float, output: Path, *, step_s: float | None = None, wall: Callable[[], float] = time.time
) -> Imported:
    """Ask a queue for what it keeps, and write it as a recording, atomically; the queue is not changed.

    Tasks one by one where their source remembers them (``timestamp,service_s,task``), else how many came in each step
    (``timestamp,count``).

    Args:
        asked: whose queue.
        since_s: how far back.
        output: the recording.
        step_s: seconds of a step where only counts are known; None: the interval of ``asked``.
        wall: seconds since 1970.

    Raises:
        InputError: its source does not know what came before, or there is nothing of that time.
        BackendError: it cannot be reached.
        OSError: the recording cannot be written.
    """
    kind = source_kinds()[asked.source.kind]
    with closing(kind.open(asked.source)) as source:
        tasks, remarks = _kept(source, since_s)
        if tasks is not None:
            return _tasks(source, tasks, output)
        if not isinstance(source, Recalls):
            able = [name for name, each in source_kinds().items() if name != kind.name and _may_know(each.open)]
            raise InputError(
                f"{source.described} does not know what came before: a source of kind {kind.name} only tells what is "
                f"true now; {_others(able)}"
            )
        return _counts(source, since_s, step_s or asked.interval_s, output, wall, remarks)


def _layer(assignment: str) -> Layer:
    key, equals, value = assignment.partition("=")
    if not equals or not all(part.strip() for part in key.split(".")):
        raise InputError(
            f"--source {without_passwords(assignment)}: write key=value, such as url=redis://localhost:6379/0"
        )
    data, _ = parse(value, f"--source {key}")
    return layer(f"--source {key}", key, data)


def _kept(source: Source, since_s: float) -> tuple[KeptTasks | None, tuple[str, ...]]:
    """Return the tasks that a source remembers; None where there are none and counts may be known, and what was said.

    Raises:
        InputError: there are none, and counts are not known either.
        BackendError: it cannot be reached.
    """
    if not isinstance(source, Remembers):
        return None, ()
    try:
        tasks = source.kept(since_s)
    except BackendError as error:
        if not isinstance(source, Recalls):
            raise
        return None, (str(error),)
    if len(tasks.came_s):
        return tasks, ()
    if isinstance(source, Recalls):
        return None, tasks.remarks
    raise InputError(f"{source.described}: {_nothing(since_s, tasks.remarks)}")


def _tasks(source: Source, tasks: KeptTasks, output: Path) -> Imported:
    write_recording(tasks.came_s, tasks.work_s, tasks.names, output)
    names, code = name_codes(tasks.names)
    first_s, last_s = float(tasks.came_s.min()), float(tasks.came_s.max())
    work = NamedWork(names, code, tasks.work_s)
    return Imported(source.described, output, len(tasks.came_s), first_s, last_s, work, tasks.remarks)


def _counts(
    source: Source, since_s: float, step_s: float, output: Path, wall: Callable[[], float], remarks: tuple[str, ...]
) -> Imported:
    assert isinstance(source, Recalls)  # noqa: S101 - it was asked before
    counts = source.past(step_s, since_s)
    if len(counts) < 2 or not counts.any():
        raise InputError(f"{source.described}: {_nothing(since_s, remarks)}")
    last_s = wall()
    first_s = last_s - len(counts) * step_s
    write_counts(first_s, step_s, counts, output)
    if len(counts) * step_s < since_s - step_s:
        short = f"of the {in_seconds(since_s)} that were asked for it keeps the last {in_seconds(len(counts) * step_s)}"
        remarks = (*remarks, short)
    said = f"only how many came in each {in_seconds(step_s)} is known, not what each task was or took"
    return Imported(source.described, output, int(np.sum(counts)), first_s, last_s, None, (*remarks, said))


def _nothing(since_s: float, remarks: Sequence[str]) -> str:
    said = f"no task in the last {in_seconds(since_s)} is kept"
    return "; ".join((said, *remarks)) + ("" if remarks else "; ask for longer with --since")


def _may_know(opens: Any) -> bool:
    return any(hasattr(opens, name) for name in ("kept", "past"))


def _others(able: Sequence[str]) -> str:
    return f"{', '.join(able)} can know it" if able else "record with a controller in shadow, and use its journal"
