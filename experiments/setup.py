"""What an experiment is played on: one set of choices, read the same way by every function and every command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from autoscaling_env.config import Config, load_config
from autoscaling_env.config.loading import layer, read_source
from autoscaling_env.config.problems import Source
from autoscaling_env.errors import InputError
from workloads.scenarios import (
    ABOUT,
    DATA,
    history_layers,
    scenario_layers,
    scenario_names,
    scenario_seeds,
    scenarios_away,
)

#: Every scenario that can be played here.
ALL = "all"


@dataclass(frozen=True, slots=True)
class Setup:
    """Where tasks and configuration come from. Later ones win: defaults, scenario, file, trace, assignments, settings.

    Attributes:
        scenario: name or file of a scenario; None: the default workload.
        config: a YAML file of configuration.
        assignments: ``key=value`` with a dotted key and a YAML value.
        settings: dotted key -> value; None leaves it as it is.
        labels: dotted key -> what to call that setting in a message, such as an option's name.
        trace: a recorded trace that is played instead.
        durations: Azure Functions 2019: the file with duration percentiles.
        as_recorded: play the trace untouched instead of fitting it to the farm.
        column: of a trace of counts: the column of values.
        unit: of a trace: what values, or numbers that are times, count.
        timezone: of a trace's local times.
        gaps: of a trace of counts: ``zero`` or ``skip``.
        series: of a trace of several series: which one.
        phase_shuffle: shuffle the order of the workload's phases in every episode.
        phase_shuffle_seed: shuffle, and fix the order by a seed of its own.
        seed: of the experiment's episodes; None: the scenario's own, else 0.
    """

    scenario: str | None = None
    _: KW_ONLY
    config: Path | None = None
    assignments: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    trace: Path | None = None
    durations: Path | None = None
    as_recorded: bool = False
    column: str | None = None
    unit: str | None = None
    timezone: str | None = None
    gaps: str | None = None
    series: str | None = None
    phase_shuffle: bool = False
    phase_shuffle_seed: int | None = None
    seed: int | None = None

    def with_settings(self, settings: Mapping[str, Any], labels: Mapping[str, str] | None = None) -> Setup:
        """Return the setup with further settings, which win over those it has."""
        return replace(self, settings={**self.settings, **settings}, labels={**self.labels, **(labels or {})})


#: The default workload on the default configuration.
DEFAULT = Setup()
#: How functions take setups: one, the name of a scenario, or several of them.
Where: TypeAlias = Setup | str | Sequence[Setup | str]


@dataclass(frozen=True, slots=True)
class Place:
    """A setup made out: what is played, and the seeds of its episodes.

    Attributes:
        name: the scenario's, or the workload's.
        config: the resolved configuration.
        train_seed: agents learn, and settings are searched, on episodes of this seed.
        test_seed: what is shown is played on episodes of this one.
        history: the configuration of training episodes, where it is another.
    """

    name: str
    config: Config
    train_seed: int
    test_seed: int
    history: Config | None = None


def resolve(setup: Setup) -> Config:
    """Return the configuration of a setup.

    Raises:
        InputError: every problem found, one line each.
    """
    return _resolved(setup, [] if setup.scenario is None else scenario_layers(setup.scenario))


def _resolved(setup: Setup, scenario: Sequence[Source]) -> Config:
    layers: list[Path | Source] = [*scenario]
    if setup.config is not None:
        layers.append(setup.config)
    layers += _trace(setup)
    settings = {**_shuffling(setup), **{key: value for key, value in setup.settings.items() if value is not None}}
    options = {key: (setup.labels.get(key, f"setting {key}"), value) for key, value in settings.items()}
    return load_config(*layers, assignments=setup.assignments, options=options)


def check_file(file: Path, assignments: Sequence[str] = ()) -> None:
    """Check a file of configuration, or of a scenario: that is what has a section ``scenario``.

    Raises:
        InputError: what is wrong, one line each.
    """
    named = {"scenario": str(file)} if ABOUT in read_source(file).data else {"config": file}
    place_of(Setup(**named, assignments=assignments))


def config_schema() -> dict[str, Any]:
    """Return the JSON Schema of a configuration file."""
    return Config.model_json_schema()


def place_of(setup: Setup, more: Mapping[str, Any] | None = None) -> Place:
    """Return the setup made out; ``more`` settings win over its own.

    Raises:
        InputError: every problem found, one line each.
    """
    config = resolve(setup.with_settings(more or {}))
    if setup.scenario is None:
        seed = setup.seed or 0
        name = config.workload.name or Path(getattr(config.workload, "file", "workload")).stem
        return Place(name, config, seed, seed)
    train_seed, test_seed = scenario_seeds(setup.scenario)
    if setup.seed is not None:
        test_seed = setup.seed
    return Place(Path(setup.scenario).stem, config, train_seed, test_seed, _history(setup.with_settings(more or {})))


def training_place(setup: Setup) -> Place:
    """Return the setup made out for training and searching, in what the scenario's history was like.

    ``setup.seed`` is the seed of the training episodes.
    """
    place = place_of(replace(setup, seed=None))
    seed = place.train_seed if setup.seed is None else setup.seed
    return replace(place, config=place.history or place.config, train_seed=seed)


def _history(setup: Setup) -> Config | None:
    """Return the configuration of training episodes; None where it is that of all."""
    if setup.scenario is None or not (over := history_layers(setup.scenario)):
        return None
    return _resolved(setup, [*scenario_layers(setup.scenario), *over])


def setups_of(where: Where) -> list[Setup]:
    """Return what is meant as setups, each once.

    Raises:
        InputError: there is none.
    """
    if isinstance(where, Setup):
        return [where]
    if isinstance(where, str):
        return [Setup(scenario=where)]
    found = [setup for each in where for setup in setups_of(each)]
    if not found:
        raise InputError("name at least one scenario")
    return found


def scenario_list(text: str, note: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Return the scenarios of a list with commas, each once; ``all`` stands for every one that can be played here.

    Args:
        text: the list.
        note: is told what ``all`` leaves out.

    Raises:
        InputError: every name that there is not, one line each.
    """
    if text.strip() == ALL:
        if note is not None and (away := scenarios_away()):
            note(f"{ALL} leaves out {', '.join(away)}: {DATA} names no folder with their recordings")
        return scenario_names()
    names = [part.strip() for part in text.split(",") if part.strip()]
    problems: list[str] = []
    for name in names:
        try:
            scenario_seeds(name)
        except InputError as error:
            problems += error.problems
    if problems or not names:
        raise InputError(*(problems or ["--scenarios: name at least one"]))
    return tuple(dict.fromkeys(names))


def _shuffling(setup: Setup) -> dict[str, Any]:
    if setup.phase_shuffle_seed is not None:
        return {"environment.phase_shuffle": True, "environment.phase_shuffle_seed": setup.phase_shuffle_seed}
    return {"environment.phase_shuffle": True} if setup.phase_shuffle else {}


def _trace(setup: Setup) -> list[Source]:
    """Return the trace as a layer below assignments: they are held against what a trace knows, and have effect."""
    given = {"durations": setup.durations and str(setup.durations), "as_recorded": setup.as_recorded or None}
    given |= {name: getattr(setup, name) for name in ("column", "unit", "timezone", "gaps", "series")}
    said = {name: value for name, value in given.items() if value is not None}
    if setup.trace is None:
        if said:
            options = ", ".join("--" + name.replace("_", "-") for name in said)
            raise InputError(f"{options}: belong{'s' if len(said) == 1 else ''} to --trace FILE")
        return []
    if setup.scenario is not None:
        raise InputError(f"--trace and the scenario {setup.scenario} both say what the tasks are; choose one")
    return [layer("--trace", "workload", {"kind": "trace", "file": str(setup.trace), **said})]
