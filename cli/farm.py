"""``autoscale farm``: bring a live farm up, look at it, take it down."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autoscaling_env.errors import BackendError, InputError, unknown_name
from cli import options
from cli.console import err, out, progress
from cli.platforms import CLUSTERS
from cli.settings import Overrides, resolve
from cli.show import show_rows

if TYPE_CHECKING:
    from autoscaling_env.config import Config

app = typer.Typer(help="Bring a live farm up, look at it, take it down.", no_args_is_help=True)

FARMS = ("local", *CLUSTERS)
Workers = Annotated[int | None, typer.Option("--workers", min=0, help="Workers to start.  [default: initial_workers]")]
Namespace = Annotated[str | None, typer.Option("--namespace", help="Namespace in the cluster.")]
Context = Annotated[str | None, typer.Option("--context", help="Context of the kubeconfig (kubernetes).")]
Image = Annotated[str | None, typer.Option("--image", help="Image of the functions.")]
LiveBackendName = Annotated[str, typer.Option("--backend", metavar="NAME", help="local, kubernetes or openfaas.")]


@app.command()
def up(
    workers: Workers = None,
    backend: LiveBackendName = "local",
    namespace: Namespace = None,
    context: Context = None,
    image: Image = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Bring a farm up. A local one stands until Ctrl-C, or until `autoscale farm down` in another terminal.

    Examples:

      autoscale farm up --workers 4

      autoscale farm up --backend kubernetes --namespace autoscaling --image registry.example/autoscale:1
    """
    resolved = _resolved(backend, config, assignments, namespace, context, image)
    count = resolved.farm.initial_workers if workers is None else workers
    if count > resolved.farm.max_workers:
        remedy = f"raise it with --set farm.max_workers={count}"
        raise InputError(f"--workers {count}: the farm has at most {resolved.farm.max_workers}; {remedy}")
    if backend == "local":
        _up_local(resolved, count)
        return
    with progress() as bar:
        task = bar.add_task("starting", total=None)
        rows = CLUSTERS[backend].up(
            resolved, count, lambda ready, wanted: bar.update(task, completed=ready, total=wanted)
        )
    _show(resolved, rows)


@app.command()
def status(
    backend: LiveBackendName = "local",
    namespace: Namespace = None,
    context: Context = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Print what a farm looks like from outside, without touching it.

    Examples:

      autoscale farm status --json

      autoscale farm status --backend kubernetes --namespace autoscaling
    """
    resolved = _resolved(backend, config, assignments, namespace, context)
    if backend != "local":
        _show(resolved, CLUSTERS[backend].status(resolved), as_json=as_json)
        return
    from live.status import farm_status

    found = farm_status(_address(resolved), resolved.live.farm, password_file=resolved.live.redis_password_file)
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=1))
        return
    facts: dict[str, Any] = {
        "farm": found.farm,
        "episode": found.episode or "none",
        "controlled by": f"{found.controller or 'nobody'}{'' if found.controlled else ' (gone)'}",
        "running": f"{found.running_s:.1f} s",
        "workers heard of": len(found.workers),
        "enqueued": found.enqueued_total,
        **{name: length for name, length in found.lengths.items() if length},
    }
    if found.failed:
        facts["failed"] = found.failed
    show_rows(f"farm {found.farm}", [{"What": key, "Found": str(value)} for key, value in facts.items()])


@app.command()
def down(
    backend: LiveBackendName = "local",
    namespace: Namespace = None,
    context: Context = None,
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Take a farm down, also what a killed `up` left; nothing remains of it.

    Examples:

      autoscale farm down

      autoscale farm down --backend openfaas
    """
    resolved = _resolved(backend, config, assignments, namespace, context)
    if backend != "local":
        CLUSTERS[backend].down(resolved)
        out.print(f"farm {resolved.live.farm}: down", highlight=False)
        return
    from live.standing import end, find

    standing = find(resolved.live.farm)
    if standing is None:
        out.print(f"farm {resolved.live.farm}: not up", highlight=False)
        return
    end(standing)
    out.print(f"farm {standing.farm}: down", highlight=False)


def _resolved(
    backend: str,
    config: Path | None,
    assignments: list[str] | None,
    namespace: str | None = None,
    context: str | None = None,
    image: str | None = None,
) -> Config:
    if backend not in FARMS:
        raise InputError(unknown_name("farm", backend, FARMS))
    named = {"namespace": namespace, "context": context, "image": image}
    given = {key: value for key, value in named.items() if value is not None}
    if backend == "local" and given:
        raise InputError(*(f"--{key} belongs to a farm in a cluster, not to --backend local" for key in given))
    values: dict[str, tuple[str, Any]] = {f"live.{backend}.{key}": (f"--{key}", value) for key, value in given.items()}
    return resolve(Overrides(config=config, assignments=assignments or (), values=values))


def _show(config: Config, rows: Sequence[Any], *, as_json: bool = False) -> None:
    plain = [asdict(row) for row in rows]
    if as_json:
        typer.echo(json.dumps(plain, indent=1))
    elif plain:
        shown = [{key.capitalize(): str(value) for key, value in row.items()} for row in plain]
        show_rows(f"farm {config.live.farm}", shown)
    else:
        out.print(f"farm {config.live.farm}: not up", highlight=False)


def _up_local(config: Config, workers: int) -> None:
    from live.standing import standing_farm

    with err.status("starting the farm"), standing_farm(config, workers) as (standing, telemetry):
        out.print(f"farm {standing.farm}: {telemetry.workers_ready} workers ready", highlight=False)
        out.print(f"server {standing.url}", highlight=False, soft_wrap=True)
        out.print("Ctrl-C, or `autoscale farm down`, takes it down", highlight=False)
        _wait_for_the_end()
    out.print(f"farm {standing.farm}: down", highlight=False)


def _wait_for_the_end() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `farm down` ends it as Ctrl-C does
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        return


def _address(config: Config) -> str:
    from live.standing import find

    if config.live.redis_url:
        return config.live.redis_url
    standing = find(config.live.farm)
    if standing is None:
        raise BackendError(f"farm {config.live.farm!r} is not up here; start it with `autoscale farm up`")
    return standing.url
