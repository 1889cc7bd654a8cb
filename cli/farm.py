"""``autoscale farm``: bring a live farm up, look at it, take it down."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.completing import listed, one_of
from cli.groups import Group, Option, declared, takes
from cli.show import print_json, print_line, show_rows
from cli.terminal import Terminal

if TYPE_CHECKING:
    from autoscaling_env.config import Config
    from autoscaling_env.farm_kind import FarmView
    from experiments import StandingFarm

app = typer.Typer(help="Bring a live farm up, look at it, take it down.", no_args_is_help=True)

Workers = Annotated[int | None, typer.Option("--workers", min=0, help="Workers to start.  [default: initial_workers]")]


def _chosen(backend: str, config: Path | None, assignments: list[str] | None, **options: str | None) -> StandingFarm:
    setup = experiments.Setup(config=config, assignments=tuple(assignments or ()))
    return experiments.standing_farm(backend, setup, options)


_NAME = Annotated[
    str,
    typer.Option("--backend", metavar="NAME", help="The live farm.", autocompletion=one_of(listed("list_standing"))),
]
CHOSEN = Group(
    {
        "backend": (_NAME, "local"),
        **declared(
            {
                "namespace": Option(str, "Namespace in the cluster."),
                "context": Option(str, "Context of the kubeconfig."),
                "image": Option(str, "Image of the functions."),
            }
        ),
        **options.CONFIGURED,
    },
    _chosen,
)


@app.command()
@takes(chosen=CHOSEN)
def up(chosen: StandingFarm, workers: Workers = None) -> None:
    """Bring a farm up. A local one stands until Ctrl-C, or until `autoscale farm down` in another terminal.

    Examples:

      autoscale farm up --workers 4

      autoscale farm up --backend kubernetes --namespace autoscaling --image registry.example/autoscale:1
    """
    config, lifecycle = chosen.config, chosen.lifecycle
    count = config.farm.initial_workers if workers is None else workers
    if count > config.farm.max_workers:
        remedy = f"raise it with --set farm.max_workers={count}"
        raise InputError(f"--workers {count}: the farm has at most {config.farm.max_workers}; {remedy}")
    with ExitStack() as standing:
        with Terminal() as terminal:
            progress = partial(terminal.progress, "starting")
            view = standing.enter_context(lifecycle.up(config, count, progress))
        _show(config, view)
        if lifecycle.attended:
            print_line("Ctrl-C, or `autoscale farm down`, takes it down")
            _wait_for_the_end()
    if lifecycle.attended:
        print_line(f"farm {config.live.farm}: down")


@app.command()
@takes(chosen=CHOSEN)
def status(chosen: StandingFarm, as_json: options.Json = False) -> None:
    """Print what a farm looks like from outside, without touching it.

    Examples:

      autoscale farm status --json

      autoscale farm status --backend kubernetes --namespace autoscaling
    """
    view = chosen.lifecycle.status(chosen.config)
    if as_json:
        print_json(view.data)
    else:
        _show(chosen.config, view)


@app.command()
@takes(chosen=CHOSEN)
def down(chosen: StandingFarm) -> None:
    """Take a farm down, also what a killed `up` left; nothing remains of it.

    Examples:

      autoscale farm down

      autoscale farm down --backend openfaas
    """
    was_up = chosen.lifecycle.down(chosen.config)
    print_line(f"farm {chosen.config.live.farm}: {'down' if was_up else 'not up'}")


def _show(config: Config, view: FarmView) -> None:
    for line in view.lines:
        print_line(line)
    show_rows(f"farm {config.live.farm}", view.rows)
    if not view.rows and not view.lines:
        print_line(f"farm {config.live.farm}: not up")


def _wait_for_the_end() -> None:
    """Wait for Ctrl-C, or for `farm down`, which says SIGTERM (``cli.ending``)."""
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return
