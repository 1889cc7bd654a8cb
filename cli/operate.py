"""``autoscale operate``: a controller for a queue that is already there: first it watches, then it may act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

import experiments
from autoscaling_env.errors import InputError, unknown_name
from cli import options
from cli.doctor import show_findings
from cli.operate_journal import journal
from cli.operate_report import report
from cli.operate_ticks import Console
from cli.show import print_json, print_line, print_paths

#: As they are needed.
ORDER = ("init", "check", "run", "journal", "report", "schema")


class ByConfig(typer.core.TyperGroup):
    """Commands, and a file where a command would stand: then it is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take what is no command for the configuration of `run`."""
        known = args[0] in self.commands or (args[0].startswith("-") and args[0] != "--demo")
        if not known and "." not in args[0] and not args[0].startswith("-") and not Path(args[0]).exists():
            raise InputError(f"{unknown_name('command', args[0], list(self.commands))}, or a CONFIG that is there")
        return super().resolve_command(ctx, args if known else ["run", *args])

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands as they are needed, one after another."""
        return sorted(self.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    cls=ByConfig,
    no_args_is_help=True,
    help="""Operate a queue that is already there: watch it (shadow), then act, within guardrails.

    Examples:

      autoscale operate --demo

      autoscale operate init --url redis://localhost:6379/0 --namespace shop

      autoscale operate check operate.yml

      autoscale operate operate.yml
    """,
    context_settings={"ignore_unknown_options": True},
)
app.command("journal")(journal)
app.command("report")(report)

Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one value, such as mode=act. Repeatable."),
]
ConfigFile = Annotated[Path | None, typer.Argument(metavar="CONFIG", help="The controller's YAML; `init` makes one.")]


@app.command()
def run(
    config: ConfigFile = None,
    assignments: Assignments = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Three minutes on this machine: a queue, workers, bursts.")
    ] = False,
    ticks: Annotated[int | None, typer.Option("--ticks", min=1, help="End after so many decisions.")] = None,
    output_dir: Annotated[
        Path, typer.Option("--output-dir", metavar="DIR", help="Where --demo makes its folder.")
    ] = Path("runs"),
    as_json: options.Json = False,
) -> None:
    """Run a controller until Ctrl-C. In shadow it only says what it would do.

    Examples:

      autoscale operate operate.yml

      autoscale operate operate.yml --set mode=act

      autoscale operate --demo
    """
    if demo == (config is not None):
        raise InputError(
            "name a CONFIG, or --demo" + (", not both" if demo else "; `autoscale operate init` makes one")
        )
    with Console(quiet=as_json, real_time=True) as console, experiments.stop_on_interrupt() as stop:
        if demo:
            if ticks is not None or assignments:
                raise InputError("--demo plays always the same: it takes neither --ticks nor --set")
            shown = experiments.demo_operate(output_dir, stop=stop, watcher=console)
        else:
            resolved = experiments.operate_config(str(config), assignments or ())
            found = experiments.operate(resolved, stop=stop, watcher=console, ticks=ticks)
    if demo:
        _show_demo(shown, as_json=as_json)
    elif as_json:
        print_json({"ticks": found.ticks, "writes": found.writes, "journal": str(found.journal)})
    else:
        print_line(f"{found.ticks} decisions, {found.writes} of them written")
        print_paths({"journal": found.journal})


def _show_demo(shown: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(shown.to_json())
        return
    for line in shown.lines:
        print_line(line)
    print_paths(shown.files)


@app.command()
def init(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The configuration to write.")] = Path(
        "operate.yml"
    ),
    urls: Annotated[
        list[str] | None,
        typer.Option("--url", "--redis-url", "--prometheus-url", help="A server to look for queues on. Repeatable."),
    ] = None,
    kubeconfig: Annotated[str | None, typer.Option("--kubeconfig", metavar="FILE", help="Of the cluster.")] = None,
    context: Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="Where the workers are.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Ask queue and cluster what there is, and write a configuration with it; it is in shadow.

    Example: autoscale operate init --url redis://localhost:6379/0 --namespace shop
    """
    found = experiments.init_operate(
        output,
        urls=urls or (),
        cluster={"kubeconfig": kubeconfig, "context": context, "namespace": namespace},
        force=force,
    )
    if as_json:
        print_json({"file": str(output), "sources": found.sources, "targets": found.targets, "notes": found.notes})
        return
    for note in found.notes:
        print_line(note)
    print_paths(
        {"queue": _first(found.sources, "source"), "workers": _first(found.targets, "target"), "configuration": output}
    )
    print_line("then say in it what you promise (objective) and how many workers there may be (bounds)")
    print_line(f"next: autoscale operate check {output}")


def _first(found: Sequence[Mapping[str, Any]], section: str) -> str:
    """Return the settings that were taken, in a line."""
    if not found:
        return f"none; an example stands under {section}"
    named = [f"{name} {value}" for name, value in found[0].items() if name not in {"kind", "found"}]
    others = f"; {len(found) - 1} more in the comments" if len(found) > 1 else ""
    return f"{found[0]['kind']}: {', '.join(named)}{others}"


@app.command()
def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The controller's YAML.")],
    assignments: Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Look at everything a controller needs: queue, permissions, who else scales, policy. Changes nothing.

    Exit code 1 if something is not as it should be.

    Examples:

      autoscale operate check operate.yml

      autoscale operate check operate.yml --set mode=act
    """
    findings = experiments.check_operate(experiments.operate_config(config, assignments or ()))
    show_findings(f"operate check {config}", findings, as_json=as_json)
    if not as_json:
        print_line(" ".join(["next: autoscale operate", str(config), *(f"--set {each}" for each in assignments or ())]))


@app.command()
def schema(
    reading: Annotated[bool, typer.Option("--reading", help="Of what an exec or http source tells instead.")] = False,
) -> None:
    """Print the JSON Schema of a controller's configuration, for editors.

    Example: autoscale operate schema > operate.schema.json, then put
    `# yaml-language-server: $schema=operate.schema.json` into your file's first line.
    """
    print_json(experiments.operate_schema(reading=reading))
