"""Options that commands share, in groups: each is declared, explained and made out in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar, get_type_hints

import typer

import experiments
from autoscaling_env.errors import InputError
from cli.completing import engines, farms, one_of, scenarios, some_of

if TYPE_CHECKING:
    from experiments import Setup

Command = TypeVar("Command", bound=Callable[..., None])

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
        autocompletion=one_of(farms),
    ),
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="Engine of a farm that has several, such as compiled or simpy.",
        autocompletion=one_of(engines),
    ),
]
Seed: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, help="The same seed is the same tasks, to the byte.  [default: 0, or the scenario's own]"
    ),
]
Objective: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="|".join(OBJECTIVES),
        help="What a step is worth: the shaped reward, or plain money.",
        autocompletion=one_of(lambda: OBJECTIVES),
    ),
]
_SCENARIO = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="A named scenario, or the file of one, instead of the default workload.",
        autocompletion=one_of(scenarios),
    ),
]
_SCENARIOS = Annotated[
    str | None,
    typer.Option(
        "--scenarios",
        "--scenario",
        metavar="NAME,NAME,…",
        help="Named scenarios, or all.",
        autocompletion=some_of(lambda: [*scenarios(), "all"]),
    ),
]
_SOURCE: dict[str, tuple[Any, Any]] = {
    "trace": (
        Annotated[
            Path | None,
            typer.Option(
                "--trace", metavar="FILE", help="Replay a recorded trace: Azure Functions 2019/2021, CSV, or counts."
            ),
        ],
        None,
    ),
    "durations": (
        Annotated[
            Path | None,
            typer.Option(
                "--durations", metavar="FILE", help="Azure Functions 2019: the file with duration percentiles."
            ),
        ],
        None,
    ),
    "as_recorded": (
        Annotated[
            bool, typer.Option("--as-recorded", help="Replay the trace untouched instead of fitting it to the farm.")
        ],
        False,
    ),
    "column": (
        Annotated[
            str | None, typer.Option("--column", metavar="NAME", help="Of a trace of counts: the column of values.")
        ],
        None,
    ),
    "unit": (
        Annotated[
            str | None,
            typer.Option(
                "--unit",
                metavar="UNIT",
                help="Of a trace: what values are (count, per_second, per_minute, per_hour), or times (s, ms, us, ns).",
            ),
        ],
        None,
    ),
    "timezone": (
        Annotated[
            str | None,
            typer.Option("--timezone", metavar="ZONE", help="Of a trace: where its local times are, as Europe/Berlin."),
        ],
        None,
    ),
    "gaps": (
        Annotated[
            str | None,
            typer.Option("--gaps", metavar="zero|skip", help="Of a trace: nothing arrives in a gap, or it is cut out."),
        ],
        None,
    ),
    "series": (
        Annotated[
            str | None, typer.Option("--series", metavar="NAME", help="Of a trace of several series: which one.")
        ],
        None,
    ),
    "phase_shuffle": (
        Annotated[
            bool, typer.Option("--phase-shuffle", help="Shuffle the order of the workload's phases in every episode.")
        ],
        False,
    ),
    "phase_shuffle_seed": (
        Annotated[
            int | None,
            typer.Option("--phase-shuffle-seed", min=0, help="Shuffle them, all episodes alike, by this seed."),
        ],
        None,
    ),
    "seed": (Seed, None),
    "config": (ConfigFile, None),
    "assignments": (Assignments, None),
}
_LOOP: dict[str, tuple[Any, Any]] = {
    "max_steps": (
        Annotated[int | None, typer.Option("--max-steps", min=1, help="Decisions per episode.")],
        None,
    ),
    "step_duration": (
        Annotated[float | None, typer.Option("--step-duration", help="Seconds between decisions.")],
        None,
    ),
    "observation_window": (
        Annotated[float | None, typer.Option("--observation-window", help="Seconds the sliding window reaches back.")],
        None,
    ),
    "initial_workers": (
        Annotated[int | None, typer.Option("--initial-workers", help="Workers ready at the start of an episode.")],
        None,
    ),
    "objective": (Objective, None),
    "direct": (
        Annotated[
            bool,
            typer.Option(
                "--direct", help="Reach targets at once, not by one worker a step: environment.action=target."
            ),
        ],
        False,
    ),
}
#: Option of the decision loop -> what it sets.
_LOOP_KEYS = {
    "max_steps": "environment.max_steps",
    "step_duration": "environment.step_duration_s",
    "observation_window": "environment.observation_window_s",
    "initial_workers": "farm.initial_workers",
    "objective": "reward.objective",
}


@dataclass(frozen=True, slots=True)
class Farm:
    """Which farm a command plays on.

    Attributes:
        backend: its name.
        engine: one of its engines; None: its usual one.
    """

    backend: str
    engine: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Options that a command takes together, as one argument.

    Attributes:
        options: parameter -> (its annotation for Typer, its default).
        build: makes the argument from the parameters' values.
    """

    options: Mapping[str, tuple[Any, Any]]
    build: Callable[..., Any]


def takes(**groups: Group) -> Callable[[Command], Command]:
    """Give a command the options of the groups: its parameter of a group's name gets what they were made into."""

    def decorate(command: Command) -> Command:
        @wraps(command)
        def run(**given: Any) -> None:
            made = {
                name: group.build(**{option: given.pop(option) for option in group.options})
                for name, group in groups.items()
            }
            command(**given, **made)

        del run.__wrapped__  # Typer would read the command's own parameters
        run.__signature__ = _signature(command, groups)  # type: ignore[attr-defined]
        run.__annotations__ = {name: each.annotation for name, each in run.__signature__.parameters.items()}  # type: ignore[attr-defined]
        return run  # type: ignore[return-value]

    return decorate


def refuse_others(context: typer.Context, allowed: Collection[str], why: str) -> None:
    """Raise ``InputError`` for every option that was given and is not among ``allowed`` (parameters' names)."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name is not None
        and parameter.name not in allowed
        and getattr(context.get_parameter_source(parameter.name), "name", "DEFAULT") != "DEFAULT"
    ]
    if given:
        raise InputError(*(f"{option} {why}" for option in given))


def _signature(command: Callable[..., None], groups: Mapping[str, Group]) -> inspect.Signature:
    own = {name: each for name, each in inspect.signature(command).parameters.items() if name not in groups}
    stand_in = type("_", (), {"__annotations__": {name: each.annotation for name, each in own.items()}})
    hints = get_type_hints(stand_in, getattr(command, "__globals__"), include_extras=True)  # noqa: B009 - mypy
    parameters = [each.replace(annotation=hints[name], kind=each.KEYWORD_ONLY) for name, each in own.items()]
    for group in groups.values():
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for name, (annotation, default) in group.options.items()
        ]
    return inspect.Signature(parameters)


def _setup(**given: Any) -> Setup:
    """Return what the options say; those of the decision loop are settings under their options' names."""
    settings = {key: given.pop(option, None) for option, key in _LOOP_KEYS.items()}
    labels = {key: f"--{option.replace('_', '-')}" for option, key in _LOOP_KEYS.items()}
    if given.pop("direct", False):
        settings["environment.action"], labels["environment.action"] = "target", "--direct"
    given["assignments"] = tuple(given["assignments"] or ())
    return experiments.Setup(settings=settings, labels=labels, **given)


def _setups(scenarios: str | None, **given: Any) -> list[Setup]:
    names = [None] if scenarios is None else experiments.scenario_list(scenarios)
    return [_setup(scenario=name, **given) for name in names]


#: Where tasks and configuration come from -> ``Setup``.
SOURCE = Group({"scenario": (_SCENARIO, None), **_SOURCE}, _setup)
#: The same, and how long a step and an episode are -> ``Setup``.
TIMED = Group(
    {"scenario": (_SCENARIO, None), **_SOURCE, **{name: _LOOP[name] for name in ("max_steps", "step_duration")}}, _setup
)
#: The same, and the decision loop, for what plays episodes -> ``Setup``.
PLAYED = Group({"scenario": (_SCENARIO, None), **_SOURCE, **_LOOP}, _setup)
#: The same for ``baselines``, which counts steps under another name, too.
_STEPS: tuple[Any, Any] = (
    Annotated[int | None, typer.Option("--steps", "--max-steps", min=1, help="Decisions per episode.")],
    None,
)
STEPPED = Group({**PLAYED.options, "max_steps": _STEPS}, _setup)
#: The same without --direct: tuned rules always reach their targets at once.
TUNED = Group({name: option for name, option in PLAYED.options.items() if name != "direct"}, _setup)
#: The same for what plays several scenarios -> a list of ``Setup``.
PLAYED_EACH = Group({"scenarios": (_SCENARIOS, None), **_SOURCE, **_LOOP}, _setups)
#: Which farm -> ``Farm``.
FARM = Group({"backend": (BackendName, "sim"), "engine": (Engine, None)}, Farm)
