"""Options that commands share, in groups: each is declared, explained and made out in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypedDict

import typer

import experiments
from autoscaling_env.errors import InputError
from cli.completing import listed, one_of, some_of
from cli.console import note
from cli.groups import Group, Option, declared, flag

if TYPE_CHECKING:
    from experiments import Setup

#: More is a typing error, and would only fill the memory.
MOST_EPISODES = 1_000_000
OBJECTIVES = ("shaped", "cost")

Episodes: TypeAlias = Annotated[int, typer.Option("--episodes", min=1, max=MOST_EPISODES, help="Episodes per agent.")]
OutputDir: TypeAlias = Annotated[Path, typer.Option("--output-dir", metavar="DIR", help="Where run folders are made.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Run: TypeAlias = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="YAML that overrides the packaged configuration.")
]
Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value, such as farm.max_workers=16. Repeatable."),
]
BackendName: TypeAlias = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="The farm: sim, a live one, or one of another package; a wrong name is answered with all there are.",
        autocompletion=one_of(listed("list_farms")),
    ),
]
On: TypeAlias = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="PLACE",
        help="local: processes of this machine; ray: a Ray cluster. What comes of it is the same.",
        autocompletion=one_of(listed("list_places")),
    ),
]
Address: TypeAlias = Annotated[
    str | None,
    typer.Option("--address", metavar="ADDRESS", help="Of a Ray cluster that is there: auto, host:port or ray://…"),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Of a journal: from then on; 24h ago, or 2026-11-29T12:00 (UTC)."),
]
Until: TypeAlias = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Of a journal: before then; written as --since.")
]
RecordedTasks: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--tasks", metavar="FILE", help="Of a journal: a recording of its tasks; their work is drawn from it."
    ),
]
Journal: TypeAlias = Annotated[
    Path,
    typer.Argument(metavar="[JOURNAL]", help="The folder of a controller's state, or of its journal, or one file."),
]
_SCENARIO = Option(
    str,
    "A named scenario, or the file of one, instead of the default workload.",
    metavar="NAME",
    completion=one_of(listed("list_scenarios")),
)
_SCENARIOS = Option(
    str,
    "Named scenarios, or all.",
    flags=("--scenarios", "--scenario"),
    metavar="NAME,NAME,…",
    completion=some_of(one_of(lambda: [*experiments.list_scenarios(), "all"])),
)
_TRACE = {
    "trace": Option(Path, "Replay a recorded trace: Azure Functions 2019/2021, CSV, or counts.", metavar="FILE"),
    "durations": Option(Path, "Azure Functions 2019: the file with duration percentiles.", metavar="FILE"),
    "as_recorded": Option(bool, "Replay the trace untouched instead of fitting it to the farm."),
    "column": Option(str, "Of a trace of counts: the column of values.", metavar="NAME"),
    "unit": Option(
        str,
        "Of a trace: what values are (count, per_second, per_minute, per_hour), or times (s, ms, us, ns).",
        metavar="UNIT",
    ),
    "timezone": Option(str, "Of a trace: where its local times are, as Europe/Berlin.", metavar="ZONE"),
    "gaps": Option(str, "Of a trace: nothing arrives in a gap, or it is cut out.", metavar="zero|skip"),
    "series": Option(str, "Of a trace of several series: which one.", metavar="NAME"),
}
_SHUFFLING = {
    "phase_shuffle": Option(bool, "Shuffle the order of the workload's phases in every episode."),
    "phase_shuffle_seed": Option(int, "Shuffle them, all episodes alike, by this seed.", least=0),
}
_SEED = {
    "seed": Option(int, "The same seed is the same tasks, to the byte.  [default: 0, or the scenario's own]", least=0),
}
_OBJECTIVE = {
    "objective": Option(
        str,
        "What a step is worth: the shaped reward, or plain money.",
        metavar="|".join(OBJECTIVES),
        key="reward.objective",
        completion=one_of(lambda: OBJECTIVES),
    ),
}
_LENGTH = {
    "max_steps": Option(int, "Decisions per episode.", least=1, key="environment.max_steps"),
    "step_duration": Option(float, "Seconds between decisions.", key="environment.step_duration_s"),
}
_LOOP = {
    **_LENGTH,
    "observation_window": Option(
        float, "Seconds the sliding window reaches back.", key="environment.observation_window_s"
    ),
    "initial_workers": Option(int, "Workers ready at the start of an episode.", key="farm.initial_workers"),
    **_OBJECTIVE,
    "direct": Option(
        bool,
        "Reach targets at once, not by one worker a step: environment.action=target.",
        key="environment.action",
    ),
}
_ENGINE = {
    "engine": Option(
        str,
        "Engine of a farm that has several, such as compiled or simpy.",
        metavar="NAME",
        completion=one_of(listed("list_engines")),
    )
}


class Farm(TypedDict):
    """Which farm a command plays on, as ``experiments`` takes it; no engine: the farm's usual one."""

    backend: str
    engine: str | None


def span(since: str | None, until: str | None, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return the time that --since and --until name, as seen from ``now``.

    Raises:
        InputError: one of them is no time, or the first is not before the second.
    """
    begin, end = (
        None if text is None else experiments.moment(option, text, now)
        for option, text in (("--since", since), ("--until", until))
    )
    if begin is not None and end is not None and begin >= end:
        raise InputError(f"--since {since}: must be before --until {until}")
    return begin, end


def _setup(*, assignments: list[str] | None = None, direct: bool = False, **given: Any) -> Setup:
    """Return what the options say; those of the decision loop are settings under their options' names."""
    given["direct"] = "target" if direct else None
    said = {name: value for name in _LOOP if (value := given.pop(name, None)) is not None}
    settings = {_LOOP[name].key: value for name, value in said.items()}
    labels = {_LOOP[name].key: flag(name) for name in said}
    return experiments.Setup(settings=settings, labels=labels, assignments=tuple(assignments or ()), **given)


def _setups(scenarios: str | None, **given: Any) -> list[Setup]:
    names = [None] if scenarios is None else experiments.scenario_list(scenarios, note)
    return [_setup(scenario=name, **given) for name in names]


#: The configuration alone, which is a part of others.
CONFIGURED = {"config": (ConfigFile, None), "assignments": (Assignments, None)}
_SOURCE = {**declared({**_TRACE, **_SHUFFLING, **_SEED}), **CONFIGURED}

#: Where tasks and configuration come from -> ``Setup``.
SOURCE = Group({**declared({"scenario": _SCENARIO}), **_SOURCE}, _setup)
#: The same, and how long a step and an episode are -> ``Setup``.
TIMED = Group({**SOURCE.options, **declared(_LENGTH)}, _setup)
#: The same, and the decision loop, for what plays episodes -> ``Setup``.
PLAYED = Group({**SOURCE.options, **declared(_LOOP)}, _setup)
_STEPS = {"max_steps": replace(_LOOP["max_steps"], flags=("--steps", "--max-steps"))}
#: The same for ``baselines``, which counts steps under another name, too.
STEPPED = Group({**PLAYED.options, **declared(_STEPS)}, _setup)
#: The same without --direct: tuned rules always reach their targets at once.
TUNED = Group({name: option for name, option in PLAYED.options.items() if name != "direct"}, _setup)
#: The same for what plays several scenarios -> a list of ``Setup``.
PLAYED_EACH = Group({**declared({"scenarios": _SCENARIOS}), **_SOURCE, **declared(_LOOP)}, _setups)
#: Of all this what a fixed experiment leaves open -> ``Setup``.
SHOWN = Group(declared({**_OBJECTIVE, **_SEED}), _setup)
#: Which farm -> ``Farm``.
FARM = Group({"backend": (BackendName, "sim"), **declared(_ENGINE)}, Farm)
