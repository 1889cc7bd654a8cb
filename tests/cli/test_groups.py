"""Options of the source of tasks, seeds and shuffling are the same in every command, and none is without effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cli import options
from cli.main import app

#: Commands that say which tasks are played; ``compare`` takes several scenarios.
WITH_TASKS = ("compare", "evaluate", "train", "tune", "baselines", "workload show", "workload plot", "workload convert")
SOURCE = (
    "--trace",
    "--durations",
    "--as-recorded",
    "--column",
    "--unit",
    "--timezone",
    "--gaps",
    "--series",
    "--phase-shuffle",
    "--phase-shuffle-seed",
    "--seed",
    "--config",
    "--set",
)


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command of the command line by its words."""
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", each) for inner, each in command.commands.items())
        else:
            yield name, command


COMMANDS: dict[str, Any] = dict(commands())


@pytest.mark.parametrize("name", WITH_TASKS)
def test_the_source_of_tasks_is_said_alike(name: str) -> None:
    found = {flag: parameter for parameter in COMMANDS[name].params for flag in parameter.opts}
    assert set(SOURCE) | {"--scenario"} <= set(found)
    for flag in SOURCE:
        same = {other: parameter for parameter in COMMANDS["evaluate"].params for other in parameter.opts}[flag]
        assert (found[flag].help, found[flag].default) == (same.help, same.default)


def test_no_other_command_has_a_part_of_it() -> None:
    for name, command in COMMANDS.items():
        flags = {flag for parameter in command.params for flag in parameter.opts}
        if name not in WITH_TASKS and "--scenario" not in flags:
            assert not flags & {"--trace", "--durations", "--as-recorded", "--phase-shuffle"}, name


def test_every_option_of_a_group_reaches_the_setup() -> None:
    given = {name: object() for name in (*options.PLAYED.options,)} | {"assignments": ["a=1"], "direct": True}
    setup = options.PLAYED.build(**given)
    names = ("scenario", "trace", "durations", "as_recorded", "config", "seed")
    told = {getattr(setup, name) for name in (*names, "column", "unit", "timezone", "gaps", "series")}
    told |= {setup.phase_shuffle, setup.phase_shuffle_seed, *setup.settings.values(), *setup.assignments}
    expected = {value for name, value in given.items() if name not in {"assignments", "direct"}}
    assert told == expected | {"a=1", "target"}
    assert set(setup.labels) == set(setup.settings)


def test_what_is_completed_is_there() -> None:
    offered = [parameter._custom_shell_complete for command in COMMANDS.values() for parameter in command.params]
    found = [complete(None, None, "") for complete in offered if complete is not None]
    assert len(found) > 20
    assert all(found)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("compare", "--input-dir", "x"), "--input-dir belongs to --plot-only"),
        (("demo", "--live", "--episodes", 3), "--episodes belongs to the simulated demo; --live plays one"),
        (("calibrate", "run", "--rounds", 3), "--rounds belongs to --probe: a run has its own configuration"),
        (("calibrate", "run", "--set", "a=1"), "--set belongs to --probe: a run has its own configuration"),
        (("evaluate", "keda", "--as-recorded"), "--as-recorded: belongs to --trace FILE"),
        (("train", "sarsa", "--learning-rate", 1), "--learning-rate belongs to dqn, ppo and distilled, not to sarsa"),
        (("compare", "--plot-only", "--episodes", 3), "--episodes plays; --plot-only draws what was played"),
    ],
)
def test_an_option_that_would_have_no_effect_is_an_error(autoscale, arguments: tuple[object, ...], line: str) -> None:
    outcome = autoscale(*arguments)
    assert (outcome.code, outcome.err.splitlines()) == (2, [f"error: {line}"])


def test_an_unknown_setting_of_a_trace_is_an_error(autoscale, tmp_path) -> None:
    (tmp_path / "t.csv").write_text("arrival_s,service_s,deadline_s\n0,1,2\n1,1,2\n")
    outcome = autoscale("compare", "--trace", "t.csv", "--set", "workload.anything=3")
    assert outcome.code == 2
    assert outcome.err.startswith("error: --set workload.anything: workload.anything: ")
