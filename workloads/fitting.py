"""Fitting a recording to a farm: how far it is compressed, how many tasks are drawn, and what to tell about it."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaling_env.config.workload import TraceConfig
from autoscaling_env.errors import TraceError
from workloads.recordings import Recording, in_seconds

#: Tasks a fitted episode has at most, unless ``max_tasks`` says otherwise.
DEFAULT_MAX_TASKS = 1_000_000
#: Tasks a recording replayed untouched has at most: an episode must fit into memory.
REPLAYED_TASKS = 20_000_000


@dataclass(frozen=True, slots=True)
class Farm:
    """What a trace is fitted to."""

    episode_s: float
    max_workers: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How a recording becomes an episode.

    Attributes:
        duration_s: seconds over which tasks arrive.
        compress: recorded seconds per episode second.
        tasks: tasks to draw.
        kept: tasks of those that are used, the first ones.
    """

    duration_s: float
    compress: float
    tasks: int
    kept: int


def fit(config: TraceConfig, recording: Recording, mean_service_s: float, farm: Farm) -> Fit:
    """Return the fit the configuration asks for.

    Raises:
        TraceError: the recording cannot be used this way.
    """
    if config.as_recorded:
        return _as_recorded(config, recording)
    duration_s = farm.episode_s if config.compress is None else recording.span_s / config.compress
    if config.load is not None:
        tasks = round(config.load * recording.tasks)
    elif mean_service_s > 0:
        tasks = round(config.mean_utilisation * farm.max_workers * duration_s / mean_service_s)
    else:
        raise TraceError(f"{config.file}: all service times are 0; set load, no utilisation can be aimed at")
    limit = config.max_tasks or DEFAULT_MAX_TASKS
    tasks = max(1, min(tasks, limit))
    return Fit(duration_s, recording.span_s / duration_s, tasks, tasks)


def selected(config: TraceConfig, recording: Recording) -> Recording:
    """Return the recording without silence at its ends, unless it is replayed untouched or a range is given."""
    as_is = config.as_recorded or config.start_s > 0 or config.end_s is not None
    return recording if as_is else recording.without_silence()


def _as_recorded(config: TraceConfig, recording: Recording) -> Fit:
    if not recording.whole or recording.tasks > REPLAYED_TASKS:
        raise TraceError(
            f"{config.file}: about {recording.tasks} tasks are too many to replay as recorded; "
            "narrow it with start_s, end_s or functions, or leave out as_recorded"
        )
    kept = min(recording.tasks, config.max_tasks or recording.tasks)
    return Fit(recording.span_s, 1.0, recording.tasks, kept)


def notes(
    config: TraceConfig, found: str, recording: Recording, fitted: Fit, mean_service_s: float, farm: Farm
) -> tuple[str, ...]:
    """Return what was done to the trace, one plain sentence each."""
    name = config.file.replace("\\", "/").rsplit("/", 1)[-1]
    about = "" if recording.whole else "about "
    said = [f"{name} ({found}): {about}{_tasks(recording.tasks)} over {in_seconds(recording.span_s)}."]
    if not recording.whole:
        said.append("More than fit into memory: a random sample of them is held, the same in every run.")
    said += recording.notes
    if config.as_recorded:
        said.append(_kept(fitted) or "Replayed as recorded.")
    else:
        said += [_pace(fitted), _amount(recording, fitted)]
    said.append(_service(config, recording, mean_service_s))
    offered = fitted.kept * mean_service_s / fitted.duration_s
    said.append(
        f"Offered load: {offered:.3g} workers busy on average, {offered / farm.max_workers:.3g} of {farm.max_workers}."
    )
    if fitted.duration_s > farm.episode_s * 1.01:
        said.append(f"The episode ends after {farm.episode_s:g} s of these {in_seconds(fitted.duration_s)}.")
    longest_s = (recording.max_service_s or 0.0) * config.service_scale
    if longest_s > fitted.duration_s:
        said.append(f"The longest task takes {in_seconds(longest_s)}, longer than all arrivals; see service_scale.")
    return tuple(said)


def _pace(fitted: Fit) -> str:
    if abs(fitted.compress - 1) < 1e-9:
        return f"Time runs as recorded: {in_seconds(fitted.duration_s)}."
    how = "Compressed" if fitted.compress > 1 else "Stretched"
    factor = max(fitted.compress, 1 / fitted.compress)
    return f"{how} {factor:.4g} times in time, to {in_seconds(fitted.duration_s)}."


def _amount(recording: Recording, fitted: Fit) -> str:
    if fitted.tasks == recording.tasks:
        return "Neither thinned nor repeated."
    if fitted.tasks < recording.tasks:
        share = fitted.tasks / recording.tasks
        return f"Thinned to {_tasks(fitted.tasks)} ({share:.3g} of the recorded), other ones in each episode."
    times = fitted.tasks / recording.tasks
    return f"Repeated {times:.4g} times, to {_tasks(fitted.tasks)}, other copies in each episode."


def _kept(fitted: Fit) -> str:
    if fitted.kept == fitted.tasks:
        return ""
    return f"Replayed as recorded up to max_tasks: the first {fitted.kept} of {_tasks(fitted.tasks)}."


def _service(config: TraceConfig, recording: Recording, mean_service_s: float) -> str:
    if recording.mean_service_s is None:
        return f"Service times are not recorded: drawn from `service`, {mean_service_s:.4g} s on average."
    scaled = "" if config.service_scale == 1 else f", times {config.service_scale:g}"
    return f"Service times are the recorded ones{scaled}: {mean_service_s:.4g} s on average."


def _tasks(count: int) -> str:
    return f"{count} task{'' if count == 1 else 's'}"
