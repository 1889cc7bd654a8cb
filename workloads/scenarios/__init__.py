"""Named scenarios: overlays on the default configuration, each with its purpose and its seeds."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from autoscaling_env.config import Config, load_config
from autoscaling_env.config.base import Section
from autoscaling_env.config.yaml import parse
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.rng import SEED_BOUND
from workloads import sample_trace_path

#: The scenario whose workload is the packaged sample trace.
TRACE = "trace"

Seed = Annotated[int, Field(ge=0, lt=SEED_BOUND)]


class Scenario(Section):
    """What a scenario is for, and the seeds of its experiments (see ``autoscaling_env.rng.episode_seeds``)."""

    title: str
    """What a table or plot calls it."""
    why: str
    """What it shows, in one sentence."""
    train_seed: Seed
    """Agents learn on the episodes of this seed."""
    test_seed: Seed
    """They are judged on the episodes of this one."""


def scenario_names() -> tuple[str, ...]:
    """Return the names of all scenarios, in the order of a table."""
    return tuple(_index())


def scenario(name: str) -> Scenario:
    """Return purpose and seeds of a scenario.

    Raises:
        InputError: there is none of that name.
    """
    if name not in _index():
        raise InputError(unknown_name("scenario", name, _index()))
    return _index()[name]


def scenario_seeds(name: str) -> tuple[int, int]:
    """Return (train seed, test seed) of a scenario."""
    return scenario(name).train_seed, scenario(name).test_seed


def scenario_path(name: str) -> Path:
    """Return the scenario's YAML file: an overlay on the default configuration, as ``--config`` takes it."""
    scenario(name)
    return Path(str(_folder() / f"{name}.yml"))


def scenario_options(name: str) -> dict[str, tuple[str, Any]]:
    """Return what to pass to ``load_config(..., options=...)``: where the sample trace is installed."""
    return _sample_option() if name == TRACE else {}


def load_scenario(name: str, *files: Path | str, assignments: tuple[str, ...] = ()) -> Config:
    """Return the configuration of a scenario, overridden by ``files`` and ``key=value`` assignments.

    Raises:
        InputError: an unknown name, or anything wrong in the files or assignments.
    """
    config = load_config(scenario_path(name), *files, assignments=assignments)
    if config.workload.kind == "trace" and config.workload.file == sample_trace_path().name:
        return load_config(scenario_path(name), *files, assignments=assignments, options=_sample_option())
    return config


def _sample_option() -> dict[str, tuple[str, Any]]:
    return {"workload.file": ("sample trace", str(sample_trace_path()))}


@cache
def _index() -> dict[str, Scenario]:
    data, _ = parse((_folder() / "index.yml").read_text("utf-8"), "index.yml")
    return TypeAdapter(dict[str, Scenario]).validate_python(data)


def _folder() -> Any:
    return resources.files("workloads.scenarios")
