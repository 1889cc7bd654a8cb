"""``python -m benchmarks.protocol play POLICY -o FILE.json`` and ``python -m benchmarks.protocol leaderboard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autoscaling_env.errors import InputError
from benchmarks.protocol import leaderboard
from benchmarks.protocol.playing import play

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.command("play")
def play_policy(
    policy: Annotated[str, typer.Argument(help="As --agents takes it; {scenario} and {run} name what was trained.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The result file.")],
    label: Annotated[str | None, typer.Option(help="What the leaderboard calls it.  [default: as it is named]")] = None,
    by: Annotated[str, typer.Option(help="Who played it.")] = "this project",
    training_steps: Annotated[int, typer.Option(help="Steps of the environment in each training; 0: none.")] = 0,
    tuning: Annotated[str, typer.Option(help="What was tried before, on what.")] = "",
    code: Annotated[str, typer.Option(help="Where it can be had.")] = "",
) -> None:
    """Play a policy by the protocol into a result file."""
    found = play(policy, label=label or policy, by=by, training_steps=training_steps, tuning=tuning, code=code)
    found.write(output)
    typer.echo(str(output))


@app.command("leaderboard")
def write_leaderboard() -> None:
    """Add up the committed result files into docs/leaderboard.md."""
    leaderboard.write()
    typer.echo(str(leaderboard.PAGE))


if __name__ == "__main__":
    try:
        app()
    except InputError as error:
        raise SystemExit(str(error)) from None
