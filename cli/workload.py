"""``autoscale workload``: look at the tasks before anything runs on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.groups import takes
from cli.show import print_json, print_line, print_settings, show_tables
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
@takes(setup=options.SOURCE)
def show(setup: Setup, episode_seed: EpisodeSeed = None, as_json: options.Json = False) -> None:
    """Print counts, rates, service times, offered load and dispersion of the first episode that `compare` plays.

    Example: autoscale workload show --trace my_trace.csv
    """
    tasks = _tasks(setup, episode_seed, quiet=as_json)
    if as_json:
        print_json(tasks.describe())
        return
    show_tables(tasks.tables())
    for sentence in tasks.describe()["arrivals"]:
        print_line(sentence)
    print_settings(tasks.settings())


@app.command()
@takes(setup=options.SOURCE)
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
@takes(setup=options.SOURCE)
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
