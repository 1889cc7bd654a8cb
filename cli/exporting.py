"""``autoscale export``: what other programs need of ours, as files of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import experiments
from cli import keda, options
from cli.show import show_found

app = typer.Typer(
    no_args_is_help=True, help="Write what another program needs: KEDA our decisions, Minari our records."
)
app.command("keda")(keda.export_keda)


@app.command("minari")
def export_minari(
    run: options.Run,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where data sets are kept.  [default: Minari's own folder]"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="What they are called, before the policy.  [default: the run's]"),
    ] = None,
    agents: Annotated[
        str | None, typer.Option("--agents", metavar="NAME,NAME,…", help="Of these policies alone.  [default: all]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Write the steps of a run as Minari data sets, one for each policy: what offline learning starts from.

    Of every run with a steps.parquet, live ones included: compare, evaluate, train, replay. The records lack the
    first observation of an episode; it is that of a fresh farm, made again from the run's own configuration. Needs the
    extra minari.

    Example: autoscale export minari runs/compare_run_20260101T000000Z --agents planner -o datasets
    """
    wanted = None if agents is None else experiments.split_names(agents)
    found = experiments.export_minari(run, output=output, name=name, agents=wanted)
    show_found(found, as_json=as_json)
