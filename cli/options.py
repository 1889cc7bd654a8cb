"""Options that several commands share, so that they are called, explained and checked alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from cli.completing import farms, one_of, scenarios

#: More is a typing error, and would only fill the memory.
MOST_EPISODES = 1_000_000
ENGINES = ("compiled", "simpy")
OBJECTIVES = ("shaped", "cost")

ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="YAML that overrides the packaged configuration.")
]
Assignments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value, such as farm.max_workers=16. Repeatable."),
]
Trace: TypeAlias = Annotated[
    Path | None,
    typer.Option("--trace", metavar="FILE", help="Replay a recorded trace: Azure Functions 2019/2021, CSV, or counts."),
]
Durations: TypeAlias = Annotated[
    Path | None,
    typer.Option("--durations", metavar="FILE", help="Azure Functions 2019: the file with duration percentiles."),
]
AsRecorded: TypeAlias = Annotated[
    bool, typer.Option("--as-recorded", help="Replay the trace untouched instead of fitting it to the farm.")
]
Episodes: TypeAlias = Annotated[int, typer.Option("--episodes", min=1, max=MOST_EPISODES, help="Episodes per agent.")]
MaxSteps: TypeAlias = Annotated[int | None, typer.Option("--max-steps", min=1, help="Decisions per episode.")]
StepDuration: TypeAlias = Annotated[float | None, typer.Option("--step-duration", help="Seconds between decisions.")]
InitialWorkers: TypeAlias = Annotated[
    int | None, typer.Option("--initial-workers", help="Workers ready at the start of an episode.")
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
Seed: TypeAlias = Annotated[int, typer.Option("--seed", min=0, help="The same seed is the same tasks, to the byte.")]
OutputDir: TypeAlias = Annotated[Path, typer.Option("--output-dir", metavar="DIR", help="Where run folders are made.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
PhaseShuffle: TypeAlias = Annotated[
    bool, typer.Option("--phase-shuffle", help="Shuffle the order of the workload's phases in every episode.")
]
PhaseShuffleSeed: TypeAlias = Annotated[
    int | None, typer.Option("--phase-shuffle-seed", min=0, help="Fix the shuffled order by its own seed.")
]
Run: TypeAlias = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
BackendName: TypeAlias = Annotated[
    str,
    typer.Option(
        "--backend",
        metavar="NAME",
        help="The farm: sim, or a live one (local, kubernetes, openfaas).",
        autocompletion=one_of(farms),
    ),
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="Simulation engine for --backend sim: compiled or simpy.",
        autocompletion=one_of(lambda: ENGINES),
    ),
]
Scenario: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--scenario",
        metavar="NAME",
        help="A named scenario instead of the default workload.",
        autocompletion=one_of(scenarios),
    ),
]


def environment_values(
    max_steps: int | None, step_duration: float | None, initial_workers: int | None, objective: str | None
) -> dict[str, tuple[str, Any]]:
    """Return what the options of the decision loop say: dotted key -> (option, value)."""
    return {
        "reward.objective": ("--objective", objective),
        "environment.max_steps": ("--max-steps", max_steps),
        "environment.step_duration_s": ("--step-duration", step_duration),
        "farm.initial_workers": ("--initial-workers", initial_workers),
    }
