"""``autoscale config``: show, check, and the schema for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.console import out
from cli.options import Assignments, ConfigFile, Json
from cli.settings import Overrides, resolve

app = typer.Typer(help="Show, check and describe the configuration.", no_args_is_help=True)


@app.command()
def show(config: ConfigFile = None, assignments: Assignments = None, as_json: Json = False) -> None:
    """Print the resolved configuration.

    Example: autoscale config show --set farm.max_workers=16
    """
    from autoscaling_env.config.digest import config_yaml

    resolved = resolve(Overrides(config=config, assignments=assignments or ()))
    text = json.dumps(resolved.model_dump(mode="json"), indent=1) if as_json else config_yaml(resolved)
    typer.echo(text.rstrip("\n"))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration to check.")],
    assignments: Assignments = None,
) -> None:
    """Check a configuration; every problem is one line, and the exit code 2 if there is any.

    Example: autoscale config check my.yml
    """
    resolve(Overrides(config=file, assignments=assignments or ()))
    out.print(f"{file}: ok", highlight=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema for editors.

    Example: autoscale config schema > configuration.schema.json, then put
    `# yaml-language-server: $schema=configuration.schema.json` into your file's first line.
    """
    from autoscaling_env.config import Config

    typer.echo(json.dumps(Config.model_json_schema(), indent=1))
