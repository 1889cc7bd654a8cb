"""``autoscale keda-scaler`` and ``autoscale export keda``: decisions that KEDA brings about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.completing import listed, one_of
from cli.console import err, escape
from cli.operate import Assignments
from cli.operate_ticks import Console, decision
from cli.show import print_json, print_line, print_paths
from cli.terminal import Terminal

if TYPE_CHECKING:
    from operate.record import Record


def keda_scaler(
    configs: Annotated[
        list[Path],
        typer.Argument(metavar="CONFIG...", help="A controller's YAML to each ScaledObject; its name is the file's."),
    ],
    assignments: Assignments = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0 in a pod.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0: any that is free.")
    ] = 9091,
    certificate: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="Our certificate (PEM): TLS.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key (PEM).")] = None,
    authority: Annotated[
        Path | None,
        typer.Option("--tls-client-ca", metavar="FILE", help="Only clients with a certificate of this authority ask."),
    ] = None,
    ticks: Annotated[int | None, typer.Option("--ticks", min=1, help="End after so many decisions of each.")] = None,
    as_json: options.Json = False,
) -> None:
    """Decide about queues and tell KEDA, as its external scaler, until Ctrl-C.

    A ScaledObject's trigger names its controller: `metadata: {controller: worker}` is worker.yml. With `mode: act` KEDA
    is told what was decided, in shadow the count that is there. The workers are only looked at.

    Examples:

      autoscale keda-scaler worker.yml mailer.yml --set mode=act

      autoscale keda-scaler worker.yml --host 0.0.0.0 --tls-cert tls.crt --tls-key tls.key --tls-client-ca ca.crt
    """
    with Consoles(len(configs), quiet=as_json) as consoles, experiments.stop_on_interrupt() as stop:
        found = experiments.keda_scaler(
            experiments.keda_configs(configs, assignments or ()),
            experiments.Listening(host, port, certificate, key, authority),
            stop=stop,
            watcher=consoles,
            ticks=ticks,
        )
    if as_json:
        print_json({name: {"ticks": each.ticks, "told": each.writes} for name, each in found.items()})
        return
    for name, each in found.items():
        print_line(f"{name}: {each.ticks} decisions, {each.writes} changes told")
    print_paths({f"{name}, journal": each.journal for name, each in found.items()})


def export_keda(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="The controller's YAML; its name is the ScaledObject's.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where the manifests are written.")
    ] = Path("keda"),
    assignments: Assignments = None,
    fallback: Annotated[
        int | None,
        typer.Option("--fallback", min=0, help="Workers while there is no decision.  [default: the count stays]"),
    ] = None,
    failures: Annotated[int, typer.Option("--fallback-after", min=0, help="So many failed questions in a row.")] = 3,
    reach: Annotated[
        str,
        typer.Option(
            "--reach",
            help="How every count is reached: tolerance where HPAs have it (Kubernetes 1.35), else by a detour.",
            autocompletion=one_of(listed("list_reaches")),
        ),
    ] = "detour",
    image: Annotated[
        str, typer.Option("--image", help="With the command line and the extra keda.")
    ] = "openfaas-autoscaling:controller",
    tls_secret: Annotated[
        str,
        typer.Option("--tls-secret", metavar="NAME", help="Secret with tls.crt, tls.key and ca.crt, for both sides."),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write ScaledObject, Deployment, Service and rights with which KEDA brings a controller's decisions about.

    Example: autoscale export keda worker.yml -o keda --fallback 6 --set mode=act
    """
    choices = experiments.KedaChoices(
        reach=reach, fallback=fallback, failures=failures, image=image, tls_secret=tls_secret
    )
    found = experiments.export_keda(config, output, choices, assignments=assignments or (), force=force)
    if as_json:
        print_json({"files": {what: str(path) for what, path in found.files.items()}, "notes": found.notes})
        return
    for note in found.notes:
        print_line(note)
    print_paths(found.files)
    print_line("next, in this order, for KEDA asks the scaler as soon as it sees the ScaledObject:")
    for command in found.commands:
        print_line(f"  {command}")


class Consoles(Terminal):
    """Shows controllers side by side: one as `autoscale operate` does, of several what changes."""

    def __init__(self, controllers: int, *, quiet: bool) -> None:
        super().__init__(quiet=quiet, real_time=True)
        self._alone = Console(quiet=quiet, real_time=True) if controllers == 1 else None

    def listening(self, address: str, controllers: Sequence[str]) -> None:
        """Print where KEDA may ask."""
        if not self._quiet:
            told = f"KEDA may ask {address} about {', '.join(controllers)}"
            err.print(told, highlight=False, soft_wrap=True, markup=False)

    def of(self, controller: str) -> Console:
        """Return who shows one controller."""
        return self._alone or Named(controller, quiet=self._quiet)


class Named(Console):
    """Shows a controller among others: only what changes, with its name before it."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        super().__init__(quiet=quiet, real_time=True)
        self._name = name

    def ticked(self, record: Record) -> None:
        """Print a decision that changes something, and what else happened."""
        if self._quiet or record.kind != "tick":
            return
        changes = [f"{decision(record)}  {record.because}"] if record.wanted != record.requested else []
        for told in (*changes, *record.remarks):
            err.print(f"{record.at[11:19]}  {escape(self._name)}: {escape(told)}", highlight=False, soft_wrap=True)

    def serving(self, url: str) -> None:
        """Print where the page is."""
        if not self._quiet:
            err.print(f"{escape(self._name)}: page, metrics and health: {url}", highlight=False, soft_wrap=True)
