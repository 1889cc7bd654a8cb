"""``autoscale tune``: search a rule's own settings in simulation, print what is worth having and the YAML to apply."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from autoscaling_env.files import atomic_write, check_place
from cli import options
from cli.completing import listed, one_of
from cli.console import note
from cli.groups import takes
from cli.show import print_json, print_line, show_rows
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import Setup, Tuning


@takes(setup=options.TUNED)
def tune(
    setup: Setup,
    policy: Annotated[
        str, typer.Argument(help="Whose settings to search.", autocompletion=one_of(listed("list_tunable")))
    ],
    slo: Annotated[float, typer.Option("--slo", min=0, max=1, help="Share of deadlines to meet.")] = 0.95,
    budget: Annotated[int, typer.Option("--budget", min=1, help="Settings to try.")] = 60,
    episodes: Annotated[int, typer.Option("--episodes", min=1, help="Episodes each is tried on.")] = 5,
    deployment: Annotated[str, typer.Option("--deployment", help="Deployment the manifest scales.")] = "worker",
    namespace: Annotated[str, typer.Option("--namespace", help="Namespace it is in.")] = "default",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the YAML here instead of printing it.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Find the cheapest settings of a rule that keep the promised QoS on your workload.

    The rule sets its target at once, as in a cluster (not by one worker a step).

    Examples:

      autoscale tune keda --scenario flash_crowd --slo 0.99

      autoscale tune hpa --trace my_trace.csv --budget 200 -o hpa.yaml
    """
    if output is not None:
        check_place(output)
    with Terminal(quiet=as_json) as listener:
        found = experiments.tune(
            policy,
            setup,
            slo=slo,
            budget=budget,
            episodes=episodes,
            deployment=deployment,
            namespace=namespace,
            listener=listener,
        )
    if found.yaml and output is not None:
        with atomic_write(output) as file:
            file.write(found.yaml)
    if as_json:
        print_json(found.to_json())
    else:
        _show(found, output)
    if found.interrupted:
        note(f"interrupted: {len(found.trials)} of {budget} settings were tried")
        raise KeyboardInterrupt


def _show(found: Tuning, output: Path | None) -> None:
    show_rows(f"{found.policy}: settings no other beats in both, of {len(found.trials)} tried", found.rows())
    if found.best is None:
        print_line(f"no setting of {len(found.trials)} keeps {100 * found.slo:g} %; the last row comes nearest")
    elif output is None:
        typer.echo(found.yaml)
    else:
        print_line(f"yaml  {output}")
