"""Named scenarios: overlays on the default configuration, each with its purpose and its seeds.

A scenario is one YAML file: a section ``scenario`` (see ``Scenario``) above what it changes of the defaults, and maybe
a section ``history``: the workload of the training episodes, where what was seen before is not what comes. Those in
this folder are named after their files; a package announces a folder of its own, as a module, in the entry-point
group ``autoscaling_env.scenarios``; and any file will do where a scenario is named.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from importlib.metadata import entry_points
from os import environ
from pathlib import Path
from typing import Annotated

from pydantic import Field

from autoscaling_env.config import Config, load_config
from autoscaling_env.config.base import Section
from autoscaling_env.config.loading import layer, read_source, validated
from autoscaling_env.config.problems import Source
from autoscaling_env.errors import ConfigError, InputError, nearest, unknown_name
from autoscaling_env.rng import SEED_BOUND
from workloads import sample_trace_path

#: Packages name the folders that hold their scenarios here.
GROUP = "autoscaling_env.scenarios"
#: The section of a scenario's file that is not configuration.
ABOUT = "scenario"
#: The section that lies over the configuration for training episodes, and what it may change.
HISTORY, OF_HISTORY = "history", ("workload",)
#: The environment variable that names the folder of recordings that are not shipped.
DATA = "AUTOSCALE_DATA"
#: What the file of a scenario ends with.
SUFFIXES = (".yml", ".yaml")

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
    data: str = ""
    """A recording that is not ours to ship: its file's name in the folder of recordings."""
    source: str = ""
    """Where it is published."""


class _File(Section):
    """What is looked at of a scenario's file to know what it is for."""

    scenario: Scenario


def scenario_names() -> tuple[str, ...]:
    """Return the names of all scenarios that can be played here, in the order of a table.

    Those whose recording is not here are left out; asked for by name, they say what is missing.
    """
    return tuple(name for name, about in _in_order().items() if _is_here(about))


def scenarios_away() -> tuple[str, ...]:
    """Return the names of the scenarios that cannot be played here: the folder of recordings lacks theirs."""
    return tuple(name for name, about in _in_order().items() if not _is_here(about))


def scenario(name: str) -> Scenario:
    """Return purpose and seeds of a scenario, by its name or its file.

    Raises:
        InputError: there is none of that name, or its section ``scenario`` is wrong.
    """
    source = read_source(scenario_path(name))
    if ABOUT not in source.data:
        raise ConfigError(f"{source.name}: not a scenario: it has no section {ABOUT}; name it with --config instead")
    return validated(_File, [Source(source.name, {ABOUT: source.data[ABOUT]}, source.lines)]).scenario


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
    if name.endswith(SUFFIXES):
        if Path(name).is_file():
            return Path(name)
        raise InputError(f"scenario {name}: no such file")
    raise InputError(unknown_name("scenario", name, _files()))


def scenario_layers(name: str) -> list[Source]:
    """Return what a scenario changes of the defaults, as ``load_config`` takes it.

    Raises:
        InputError: there is none of that name, or its file is wrong.
    """
    about, source = scenario(name), read_source(scenario_path(name))
    own = {key: value for key, value in source.data.items() if key not in (ABOUT, HISTORY)}
    layers = [Source(source.name, own, source.lines), *_beside(source)]
    if about.data:
        layers.append(layer("recording", "workload.file", str(_recording(name, about))))
    return layers


def history_layers(name: str) -> list[Source]:
    """Return what lies over ``scenario_layers`` for training episodes; nothing where they are like the others.

    Raises:
        InputError: there is no scenario of that name, or its history changes more than the workload.
    """
    source = read_source(scenario_path(name))
    over = source.data.get(HISTORY)
    if over is None:
        return []
    if not isinstance(over, dict):
        raise ConfigError(f"{source.name}:{source.lines.get((HISTORY,), 1)}: {HISTORY}: must be a mapping")
    if wrong := [key for key in over if key not in OF_HISTORY]:
        place = f"{source.name}:{source.lines.get((HISTORY, wrong[0]), 1)}: {HISTORY}.{wrong[0]}"
        raise ConfigError(f"{place}: unknown key{nearest(str(wrong[0]), OF_HISTORY)}; allowed: {', '.join(OF_HISTORY)}")
    lines = {path[1:]: line for path, line in source.lines.items() if path[:1] == (HISTORY,)}
    return [Source(source.name, over, lines)]


def load_scenario(name: str, *files: Path | str, assignments: tuple[str, ...] = ()) -> Config:
    """Return the configuration of a scenario, overridden by ``files`` and ``key=value`` assignments.

    Raises:
        InputError: an unknown name, or anything wrong in the files or assignments.
    """
    return load_config(*scenario_layers(name), *files, assignments=assignments)


def load_history(name: str, *files: Path | str, assignments: tuple[str, ...] = ()) -> Config:
    """Return the configuration of a scenario's training episodes; ``load_scenario``'s where it has no history.

    What wins over the scenario wins over its history, too.

    Raises:
        InputError: an unknown name, or anything wrong in its history, the files or assignments.
    """
    return load_config(*scenario_layers(name), *history_layers(name), *files, assignments=assignments)


def data_path(file: str) -> Path | None:
    """Return where a recording that is not shipped is looked for; None where nobody said in which folder."""
    folder = environ.get(DATA)
    return Path(folder) / file if folder else None


def _beside(source: Source) -> list[Source]:
    """Return where a scenario's trace is: one that lies beside its file is meant, wherever the command is run."""
    workload = source.data.get("workload")
    layers = []
    for key in ("file", "durations"):
        named = workload.get(key) if isinstance(workload, dict) else None
        if key == "file" and named == sample_trace_path().name:
            layers.append(layer("sample trace", "workload.file", str(sample_trace_path())))
        elif isinstance(named, str) and (beside := Path(source.name).parent / named).is_file():
            layers.append(layer(source.name, f"workload.{key}", str(beside)))
    return layers


def _is_here(about: Scenario) -> bool:
    path = data_path(about.data)
    return not about.data or (path is not None and path.is_file())


def _recording(name: str, about: Scenario) -> Path:
    path = data_path(about.data)
    if path is None or not path.is_file():
        missing = f"{DATA} is not set" if path is None else f"{path} is not there"
        remedy = f"get it from {about.source}, save it as {about.data}, and set {DATA} to its folder"
        raise InputError(f"scenario {name}: its recording is not shipped and {missing}; {remedy}")
    return path


@cache
def _in_order() -> dict[str, Scenario]:
    """Return all scenarios by name, in the order of a table."""
    found = {name: scenario(name) for name in _files()}
    return dict(sorted(found.items(), key=lambda each: (each[1].place, each[0])))


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
        if taken := [name for name in theirs if name in found]:
            raise InputError(*(f"{what}: {theirs[name].name}: the name is taken by {found[name]}" for name in taken))
        found |= theirs
    return found


def _files_of(module: str) -> dict[str, Path]:
    """Return the scenarios of a module that is a folder, with an ``__init__.py`` or without."""
    files = sorted(Path(str(file)) for file in resources.files(module).iterdir())
    return {file.stem: file for file in files if file.suffix in SUFFIXES}
