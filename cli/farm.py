"""``autoscale farm``: bring a live farm up, look at it, take it down."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import asdict
from typing import Annotated, Any

import typer

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError, InputError, unknown_name
from cli import options
from cli.console import err, out
from cli.settings import Overrides, resolve
from cli.show import show_rows

app = typer.Typer(help="Bring a live farm up, look at it, take it down.", no_args_is_help=True)

FARMS = ("local",)
Workers = Annotated[int | None, typer.Option("--workers", min=0, help="Workers to start.  [default: initial_workers]")]
LiveBackendName = Annotated[str, typer.Option("--backend", metavar="NAME", help="local, kubernetes or openfaas.")]


@app.command()
def up(
    workers: Workers = None,
    backend: LiveBackendName = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
) -> None:
    """Bring a farm up. A local one stands until Ctrl-C, or until `autoscale farm down` in another terminal.

    Example: autoscale farm up --workers 4
    """
    resolved = _resolved(backend, config, assignments)
    _up_local(resolved, resolved.farm.initial_workers if workers is None else workers)


@app.command()
def status(
    backend: LiveBackendName = "local",
    config: options.ConfigFile = None,
    assignments: options.Assignments = None,
    as_json: options.Json = False,
) -> None:
    """Print what a farm looks like from outside, without touching it.

    Example: autoscale farm status --json
    """
    from live.status import farm_status

    resolved = _resolved(backend, config, assignments)
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
    backend: LiveBackendName = "local", config: options.ConfigFile = None, assignments: options.Assignments = None
) -> None:
    """Take a farm down; nothing is left of it.

    Example: autoscale farm down
    """
    from live.standing import end, find

    resolved = _resolved(backend, config, assignments)
    standing = find(resolved.live.farm)
    if standing is None:
        out.print(f"farm {resolved.live.farm}: not up", highlight=False)
        return
    end(standing)
    out.print(f"farm {standing.farm}: down", highlight=False)


def _resolved(backend: str, config: Any, assignments: Any) -> Config:
    if backend not in FARMS:
        raise InputError(unknown_name("farm", backend, FARMS))
    return resolve(Overrides(config=config, assignments=assignments or ()))


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
