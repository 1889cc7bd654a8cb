"""``autoscale train``: an agent that learns, in any farm, resumable to the bit."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import experiments
from cli import options
from cli.completing import listed, one_of
from cli.console import note
from cli.ending import exit_code, undisturbed
from cli.groups import refuse_others, takes
from cli.learner_options import LEARNER, learner_settings
from cli.options import Farm
from cli.show import print_json, print_line
from cli.terminal import Terminal, terminal_for

if TYPE_CHECKING:
    from experiments import Setup, Stop, Training

#: Parameters that mean something together with --resume.
WITH_RESUME = frozenset({"context", "agent", "resume", "episodes", "backend", "engine", "jobs", "as_json", "help"})


@takes(learner=LEARNER, setup=options.PLAYED, farm=options.FARM)
def train(
    context: typer.Context,
    learner: dict[str, Any],
    setup: Setup,
    farm: Farm,
    agent: Annotated[str, typer.Argument(help="What to train.", autocompletion=one_of(listed("list_learners")))],
    output_dir: options.OutputDir = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="DIR", help="Go on in this run, to the bit as if uninterrupted.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="distilled: processes in which the planner labels.")] = 1,
    as_json: options.Json = False,
) -> None:
    """Train an agent in simulation, in seconds; Ctrl-C saves, --resume goes on.

    Examples:

      autoscale train sarsa --episodes 200

      autoscale train dqn --hidden-layers 64,64 --seed 3 --scenario flash_crowd

      autoscale train ppo --scenario flash_crowd --entropy 0.003

      autoscale train distilled --scenario flash_crowd --jobs 4

      autoscale train sarsa --objective cost --trace my_trace.csv

      autoscale train dqn --resume runs/dqn_run_20260101T000000Z --episodes 2000
    """
    if resume is not None:
        # A run goes on with its own settings: an option that would change them is not passed over in silence.
        refuse_others(context, WITH_RESUME, "belongs to a new training; --resume keeps the run's settings")
    else:
        setup = setup.with_settings(*learner_settings(agent, learner))
    listener = terminal_for(farm, quiet=as_json)
    listener.saved_in = resume
    with experiments.stop_on_interrupt() as stop, _going_on(agent, listener, stop):
        with listener:
            if resume is not None:
                found = experiments.resume(
                    resume,
                    agent=agent,
                    episodes=learner["episodes"],
                    **farm,
                    jobs=jobs,
                    listener=listener,
                    stop=stop,
                )
            else:
                found = experiments.train(
                    agent,
                    setup,
                    **farm,
                    jobs=jobs,
                    output_dir=output_dir,
                    listener=listener,
                    stop=stop,
                    command=sys.argv,
                )
        if as_json:
            print_json(found.to_json())
        else:
            _show(found)
    if found.result.interrupted:
        raise typer.Exit(exit_code(stop.signal))


@contextmanager
def _going_on(agent: str, listener: Terminal, stop: Stop) -> Iterator[None]:
    """Say how to go on where a second Ctrl-C stopped training at once, whatever became of it on its way up here."""
    try:
        yield
    except BaseException as error:
        if not (stop.insisted or isinstance(error, KeyboardInterrupt)):
            raise
        with undisturbed():
            _tell(agent, listener.saved_in)
        raise KeyboardInterrupt from None


def _tell(agent: str, saved_in: Path | None) -> None:
    if saved_in is None:
        note("stopped before the first checkpoint: there is nothing to go on from")
        return
    again = shlex.join(("autoscale", "train", agent, "--resume", str(saved_in)))
    note(f"stopped; go on from the last checkpoint: {again}")


def _show(found: Training) -> None:
    result = found.result
    if sentence := found.in_short():
        print_line(sentence)
    for what, where in (("model", result.model), ("records", result.folder), ("picture", found.picture or "none yet")):
        print_line(f"{what:<8} {where}")
    if result.interrupted:
        print_line(f"go on    autoscale {shlex.join(result.resume_arguments)}")
