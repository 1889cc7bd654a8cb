"""Configuration from a command's options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoscaling_env.errors import InputError, unknown_name
from cli.console import note, progress
from cli.options import ENGINES

if TYPE_CHECKING:
    from autoscaling_env.config import Config
    from autoscaling_env.workload import Workload


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a command's options say about the configuration; None: nothing."""

    config: Path | None = None
    assignments: Sequence[str] = ()
    scenario: Path | None = None
    trace: Path | None = None
    durations: Path | None = None
    as_recorded: bool = False
    values: dict[str, tuple[str, Any]] = field(default_factory=dict)


def resolve(overrides: Overrides) -> Config:
    """Return the defaults under scenario, file, ``--set``, trace and options, in that order."""
    from autoscaling_env.config import load_config

    files = [file for file in (overrides.scenario, overrides.config) if file is not None]
    options = {key: named for key, named in overrides.values.items() if named[1] is not None}
    if overrides.trace is not None:
        options = {"workload": ("--trace", _trace(overrides))} | options
    elif overrides.durations is not None or overrides.as_recorded:
        raise InputError("--durations and --as-recorded belong to --trace FILE")
    return load_config(*files, assignments=overrides.assignments, options=options)


def scenario_overrides(name: str | None, overrides: Overrides) -> Overrides:
    """Return ``overrides`` on top of a named scenario; None: as they are."""
    if name is None:
        return overrides
    if overrides.trace is not None:
        raise InputError(f"--trace and the scenario {name} both say what the tasks are; choose one")
    from workloads.scenarios import scenario_options, scenario_path

    values = scenario_options(name) | overrides.values
    return replace(overrides, scenario=scenario_path(name), values=values)


def with_direct_actions(config: Config) -> Config:
    """Return ``config`` with an action for every change within the farm's bounds: targets are reached at once."""
    from autoscaling_env.settings import with_overrides

    reach = config.farm.max_workers - config.farm.min_workers
    return with_overrides(config, {"environment.action_deltas": list(range(-reach, reach + 1))})


def _trace(overrides: Overrides) -> dict[str, Any]:
    trace: dict[str, Any] = {"kind": "trace", "file": str(overrides.trace)}
    if overrides.durations is not None:
        trace["durations"] = str(overrides.durations)
    if overrides.as_recorded:
        trace["as_recorded"] = True
    return trace


def load_workload(config: Config, *, quiet: bool = False) -> Workload:
    """Return the configuration's workload; a trace is read with a progress bar, and what was done to it is said."""
    from workloads import make_workload

    with progress(quiet=quiet) as bar:
        task = bar.add_task("reading trace", total=None, visible=config.workload.kind == "trace")
        workload = make_workload(
            config, progress=lambda done, total: bar.update(task, completed=done, total=total, visible=True)
        )
    if not quiet:
        for sentence in workload.notes:
            note(sentence)
    return workload


def backend_name(backend: str, engine: str | None) -> str:
    """Return the installed farm's name for ``--backend`` and ``--engine``.

    Raises:
        InputError: there is no such farm or engine.
    """
    from autoscaling_env.plugins import backend_names

    if backend not in backend_names():
        raise InputError(unknown_name("backend", backend, backend_names()))
    if engine is None:
        return backend
    if backend != "sim":
        raise InputError(f"--engine {engine} belongs to --backend sim, not to {backend}")
    if engine not in ENGINES:
        raise InputError(f"--engine {engine}: choose from {', '.join(ENGINES)}")
    return engine
