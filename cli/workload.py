"""``autoscale workload``: look at the tasks before anything runs on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import experiments
from cli import options
from cli.show import print_json, print_line, show_rows
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import Setup, Tasks

app = typer.Typer(help="Show, plot and convert the tasks of an episode.", no_args_is_help=True)

EpisodeSeed = Annotated[
    int | None,
    typer.Option(
        "--episode-seed",
        min=0,
        help="An episode by its own seed, as records name it, instead of the first that --seed draws.",
    ),
]


@app.command()
@options.takes(setup=options.SOURCE)
def show(setup: Setup, episode_seed: EpisodeSeed = None, as_json: options.Json = False) -> None:
    """Print counts, rates, service times, offered load and dispersion of the first episode that `compare` plays.

    Example: autoscale workload show --trace my_trace.csv
    """
    described = _tasks(setup, episode_seed, quiet=as_json).describe()
    if as_json:
        print_json(described)
        return
    tables = {name: described.pop(name) for name in ("segments", "dispersion")}
    sentences = described.pop("arrivals")
    show_rows("tasks", [{"What": key, "Value": _shown(value)} for key, value in described.items()])
    for name, rows in tables.items():
        show_rows(name, [{key: _shown(value) for key, value in row.items()} for row in rows])
    for sentence in sentences:
        print_line(sentence)


@app.command()
@options.takes(setup=options.SOURCE)
def plot(
    setup: Setup,
    episode_seed: EpisodeSeed = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The picture.")] = Path("workload.png"),
) -> None:
    """Draw arrivals, offered load and service times of the first episode that `compare` plays.

    Example: autoscale workload plot --set workload.base_rate_per_min=600 -o workload.png
    """
    print_line(str(_tasks(setup, episode_seed).plot(output)))


@app.command()
@options.takes(setup=options.SOURCE)
def convert(
    setup: Setup,
    episode_seed: EpisodeSeed = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")] = Path("tasks.csv"),
) -> None:
    """Write the tasks as a plain CSV (arrival_s,service_s,deadline_s) that --trace reads back.

    Example: autoscale workload convert --trace azure2021.csv --as-recorded -o tasks.csv
    """
    tasks = _tasks(setup, episode_seed)
    print_line(f"{len(tasks.batch)} tasks  {tasks.write(output)}")


def _tasks(setup: Setup, episode_seed: int | None, *, quiet: bool = False) -> Tasks:
    with Terminal(quiet=quiet) as listener:
        return experiments.tasks_of(setup, episode_seed=episode_seed, listener=listener)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)
