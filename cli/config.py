"""``autoscale config``: show, check, and the schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.groups import takes
from cli.show import print_json, print_line

if TYPE_CHECKING:
    from experiments import Setup

app = typer.Typer(help="Show, check and describe the configuration.", no_args_is_help=True)


@app.command()
@takes(setup=options.PLAYED)
def show(setup: Setup, as_json: options.Json = False) -> None:
    """Print the resolved configuration.

    Example: autoscale config show --set farm.max_workers=16
    """
    resolved = experiments.resolve(setup)
    if as_json:
        print_json(resolved.model_dump(mode="json"))
    else:
        typer.echo(experiments.config_yaml(resolved).rstrip("\n"))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration or scenario to check.")],
    assignments: options.Assignments = None,
) -> None:
    """Check a configuration or scenario; every problem is one line, and the exit code 2 if there is any.

    Example: autoscale config check my.yml
    """
    experiments.check_file(file, tuple(assignments or ()))
    print_line(f"{file}: ok")


@app.command()
def schema() -> None:
    """Print the JSON Schema for editors.

    Example: autoscale config schema > configuration.schema.json, then put
    `# yaml-language-server: $schema=configuration.schema.json` into your file's first line.
    """
    print_json(experiments.config_schema())
