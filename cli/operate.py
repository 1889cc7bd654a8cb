"""``autoscale operate``: a controller for a queue that is already there: first it watches, then it may act."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.console import err, escape
from cli.doctor import show_findings
from cli.operate_journal import journal
from cli.operate_report import report
from cli.show import print_json, print_line, print_paths
from cli.terminal import Terminal

if TYPE_CHECKING:
    from operate.record import Record


class ByConfig(typer.core.TyperGroup):
    """Commands, and a file where a command would stand: then it is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take what is no command for the configuration of `run`."""
        known = args[0] in self.commands or (args[0].startswith("-") and args[0] != "--demo")
        return super().resolve_command(ctx, args if known else ["run", *args])


app = typer.Typer(
    cls=ByConfig,
    no_args_is_help=True,
    help="Operate a queue that is already there: watch it (shadow), then act, within guardrails. "
    "`autoscale operate CONFIG` runs a controller.",
    context_settings={"ignore_unknown_options": True},
)
app.command("journal")(journal)
app.command("report")(report)

ConfigFile = Annotated[Path | None, typer.Argument(metavar="CONFIG", help="The controller's YAML: see `init`.")]


class Console(Terminal):
    """Shows a controller's ticks, a line each."""

    def ticked(self, record: Record) -> None:
        """Print a line."""
        if self._quiet or record.kind != "tick":
            return
        seen = record.seen
        queue = f"{seen['backlog']:6.0f} wait" if seen else "   ???     "
        done = f" -> {record.written}" if record.written is not None else ""
        mode = "acts" if record.acting else "watches"
        line = f"{record.at[11:19]} {queue}  {record.ready}/{record.requested} ready  {mode}{done}  {record.because}"
        err.print(escape(line), highlight=False, soft_wrap=True)
        for remark in record.remarks:
            err.print(f"         [yellow]{escape(remark)}[/]", highlight=False, soft_wrap=True)

    def serving(self, url: str) -> None:
        """Print where the page is."""
        if not self._quiet:
            err.print(f"page, metrics and health: {url}", highlight=False, soft_wrap=True)


@app.command()
def run(
    config: ConfigFile = None,
    assignments: options.Assignments = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Two minutes on this machine: a queue, workers, a burst.")
    ] = False,
    ticks: Annotated[int | None, typer.Option("--ticks", min=1, help="End after so many decisions.")] = None,
    output_dir: options.OutputDir = Path("runs"),
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
    redis_url: Annotated[str | None, typer.Option("--redis-url", help="A Redis server to look for queues on.")] = None,
    prometheus_url: Annotated[
        str | None, typer.Option("--prometheus-url", help="A Prometheus to look for queue metrics on.")
    ] = None,
    kubeconfig: Annotated[str | None, typer.Option("--kubeconfig", metavar="FILE", help="Of the cluster.")] = None,
    context: Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig.")] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="Where the workers are.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Ask queue and cluster what there is, and write a configuration with it; it is in shadow.

    Example: autoscale operate init --redis-url redis://localhost:6379/0 --namespace shop
    """
    found = experiments.init_operate(
        output,
        asked={"redis_url": redis_url, "prometheus_url": prometheus_url},
        cluster={"kubeconfig": kubeconfig, "context": context, "namespace": namespace},
        force=force,
    )
    if as_json:
        print_json({"file": str(output), "sources": found.sources, "targets": found.targets, "notes": found.notes})
        return
    for note in found.notes:
        print_line(note)
    print_paths({"configuration": output})
    print_line(f"next: autoscale operate check {output}")


@app.command()
def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The controller's YAML.")],
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Look at everything a controller needs: queue, permissions, who else scales, policy. Changes nothing.

    Examples:

      autoscale operate check operate.yml

      autoscale operate check operate.yml --set mode=act
    """
    findings = experiments.check_operate(experiments.operate_config(config, assignments or ()))
    show_findings(f"operate check {config}", findings, as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a controller's configuration, for editors.

    Example: autoscale operate schema > operate.schema.json, then put
    `# yaml-language-server: $schema=operate.schema.json` into your file's first line.
    """
    print_json(experiments.operate_schema())
