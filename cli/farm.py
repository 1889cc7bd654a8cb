"""``autoscale farm``: bring a live farm up, look at it, take it down."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.errors import InputError, unknown_name
from cli import options
from cli.completing import one_of, standing_farms
from cli.show import print_json, print_line, show_rows
from cli.terminal import Terminal

if TYPE_CHECKING:
    from autoscaling_env.config import Config
    from autoscaling_env.farm_kind import FarmView, Lifecycle

app = typer.Typer(help="Bring a live farm up, look at it, take it down.", no_args_is_help=True)

Workers = Annotated[int | None, typer.Option("--workers", min=0, help="Workers to start.  [default: initial_workers]")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The farm that a command is about.

    Attributes:
        lifecycle: what can be done with it.
        config: the resolved configuration.
    """

    lifecycle: Lifecycle
    config: Config


def _chosen(
    backend: str,
    namespace: str | None,
    context: str | None,
    image: str | None,
    config: Path | None,
    assignments: list[str] | None,
) -> Chosen:
    """Return the farm; an option that its kind does not have is an error."""
    if backend not in experiments.list_farms():
        raise InputError(unknown_name("farm", backend, standing_farms()))
    kind = experiments.farm_kind(backend)
    if kind.lifecycle is None:
        able = ", ".join(standing_farms())
        raise InputError(f"--backend {backend}: there is nothing to bring up or down; choose from {able}")
    keys = {option.name: option.key for option in kind.options}
    named = {"namespace": namespace, "context": context, "image": image}
    given = {name: value for name, value in named.items() if value is not None}
    if others := [name for name in given if name not in keys]:
        raise InputError(*(f"--{name} belongs to a farm in a cluster, not to --backend {backend}" for name in others))
    setup = experiments.Setup(
        config=config,
        assignments=tuple(assignments or ()),
        settings={keys[name]: value for name, value in given.items()},
        labels={keys[name]: f"--{name}" for name in given},
    )
    return Chosen(kind.lifecycle, experiments.resolve(setup))


_NAME = Annotated[
    str,
    typer.Option("--backend", metavar="NAME", help="The live farm.", autocompletion=one_of(standing_farms)),
]
CHOSEN = options.Group(
    {
        "backend": (_NAME, "local"),
        "namespace": (Annotated[str | None, typer.Option("--namespace", help="Namespace in the cluster.")], None),
        "context": (Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig.")], None),
        "image": (Annotated[str | None, typer.Option("--image", help="Image of the functions.")], None),
        "config": (options.ConfigFile, None),
        "assignments": (options.Assignments, None),
    },
    _chosen,
)


@app.command()
@options.takes(chosen=CHOSEN)
def up(chosen: Chosen, workers: Workers = None) -> None:
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
@options.takes(chosen=CHOSEN)
def status(chosen: Chosen, as_json: options.Json = False) -> None:
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
@options.takes(chosen=CHOSEN)
def down(chosen: Chosen) -> None:
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
