"""Named scenarios: overlays on the default configuration, each with its purpose and its seeds.

A scenario is one YAML file: a section ``scenario`` (see ``Scenario``) above what it changes of the defaults. Those in
this folder are named after their files; a package announces a folder of its own, as a module, in the entry-point
group ``autoscaling_env.scenarios``; and any file will do where a scenario is named.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from autoscaling_env.config import Config, load_config
from autoscaling_env.config.base import Section
from autoscaling_env.config.loading import layer, read_source
from autoscaling_env.config.problems import Source
from autoscaling_env.errors import ConfigError, InputError, unknown_name
from autoscaling_env.rng import SEED_BOUND
from workloads import sample_trace_path

#: Packages name the folders that hold their scenarios here.
GROUP = "autoscaling_env.scenarios"
#: The section of a scenario's file that is not configuration.
ABOUT = "scenario"

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
    """They are evaluated on the episodes of this one."""
    place: int = 1000
    """Where it stands in a table; of equal ones the names decide."""


def scenario_names() -> tuple[str, ...]:
    """Return the names of all scenarios that are installed, in the order of a table."""
    return tuple(sorted(_files(), key=lambda name: (scenario(name).place, name)))


def scenario(name: str) -> Scenario:
    """Return purpose and seeds of a scenario, by its name or its file.

    Raises:
        InputError: there is none of that name, or its section ``scenario`` is wrong.
    """
    file = scenario_path(name)
    about = read_source(file).data.get(ABOUT)
    if about is None:
        raise ConfigError(f"{file}: not a scenario: it has no section {ABOUT}; name it with --config instead")
    try:
        return Scenario.model_validate(about)
    except ValidationError as error:
        raise ConfigError(*(f"{file}: {_problem(one)}" for one in error.errors())) from None


def scenario_seeds(name: str) -> tuple[int, int]:
    """Return (train seed, test seed) of a scenario."""
    found = scenario(name)
    return found.train_seed, found.test_seed


def scenario_path(name: str) -> Path:
    """Return the scenario's YAML file.

    Raises:
        InputError: there is none of that name.
    """
    if name in _files():
        return _files()[name]
    if name.endswith((".yml", ".yaml")):
        if Path(name).is_file():
            return Path(name)
        raise InputError(f"scenario {name}: no such file")
    raise InputError(unknown_name("scenario", name, _files()))


def scenario_layers(name: str) -> list[Source]:
    """Return what a scenario changes of the defaults, as ``load_config`` takes it.

    Raises:
        InputError: there is none of that name, or its file is wrong.
    """
    scenario(name)
    source = read_source(scenario_path(name))
    layers = [Source(source.name, {key: value for key, value in source.data.items() if key != ABOUT}, source.lines)]
    workload = source.data.get("workload") or {}
    if workload.get("file") == sample_trace_path().name:
        layers.append(layer("sample trace", "workload.file", str(sample_trace_path())))
    return layers


def load_scenario(name: str, *files: Path | str, assignments: tuple[str, ...] = ()) -> Config:
    """Return the configuration of a scenario, overridden by ``files`` and ``key=value`` assignments.

    Raises:
        InputError: an unknown name, or anything wrong in the files or assignments.
    """
    return load_config(*scenario_layers(name), *files, assignments=assignments)


def _problem(error: Any) -> str:
    key = ".".join(str(part) for part in (ABOUT, *error["loc"]))
    return f"{key}: {error['msg'][:1].lower()}{error['msg'][1:]}"


@cache
def _files() -> dict[str, Path]:
    """Name -> file, ours first; a module that is announced and holds none is an error, not nothing."""
    found = dict(_files_of("workloads.scenarios"))
    for entry in entry_points(group=GROUP):
        what = f"entry point {entry.name} = {entry.value} of the group {GROUP}"
        try:
            theirs = _files_of(entry.value)
        except ImportError as error:
            raise InputError(f"{what}: {error}") from None
        if not theirs:
            raise InputError(f"{what}: there is no *.yml")
        found = {**theirs, **found}
    return found


def _files_of(module: str) -> dict[str, Path]:
    """Return the scenarios of a module that is a folder, with an ``__init__.py`` or without."""
    files = sorted(Path(str(file)) for file in resources.files(module).iterdir())
    return {file.stem: file for file in files if file.suffix == ".yml"}
