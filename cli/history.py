"""``autoscale history``: what the planner may know, asked for, looked at, scored, drawn, and written to one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import experiments
from autoscaling_env.errors import InputError
from cli import options
from cli.groups import takes
from cli.show import print_settings, show_found
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import HistoryFound, QueueHistory, Setup


@takes(setup=options.TIMED)
def history(
    setup: Setup,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SOURCE]...", help="Run folders, live or not, and trace files."),
    ] = None,
    config_of: Annotated[
        Path | None,
        typer.Option("--from", metavar="CONFIG", help="A controller's YAML: its queue is asked for what it keeps."),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="KEY=VALUE", help="The same queue, or one without a CONFIG. Repeatable."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="How far back it is asked, as 7d.  [default: its recall, or 7d]"),
    ] = None,
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, max=options.MOST_EPISODES, help="Without a SOURCE: training episodes.")
    ] = 100,
    episode: Annotated[
        float | None,
        typer.Option("--episode", metavar="SECONDS", help="What recordings are cut into.  [default: long ones: days]"),
    ] = None,
    period: Annotated[
        float | None,
        typer.Option(
            "--period",
            metavar="SECONDS",
            help="Recordings repeat after so long, by the clock (UTC), as a controller's.  [default: of a queue, its]",
        ),
    ] = None,
    horizon: Annotated[float, typer.Option("--horizon", metavar="SECONDS", help="How far ahead is foreseen.")] = 60.0,
    held_back: Annotated[float, typer.Option("--held-back", help="The share that is foreseen and not learned.")] = 0.2,
    statistical: Annotated[
        bool, typer.Option("--statsforecast", help="Score MSTL with AutoETS, too (needs the extra forecast).")
    ] = False,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "--out",
            "-o",
            metavar="FILE",
            help="The history, for planner:FILE; of a queue FILE.csv: the recording alone.",
        ),
    ] = Path("history.npz"),
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="The fan chart.  [default: beside the history]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a history of arrivals from runs, recordings, traces, a queue or training episodes; score who foresees it.

    The planner reads it: `autoscale compare --agents planner:history.npz`. What a queue keeps is written beside it, as
    a recording that `--trace` reads.

    Examples:

      autoscale history --scenario flash_crowd

      autoscale history runs/compare_run_20260101T000000Z runs/compare_run_LIVE -o mine.npz

      autoscale history access.log --step-duration 8 --horizon 120

      autoscale history --from operate.yml --since 14d -o shop.npz

      autoscale history --source kind=farm --source url=redis://localhost:6379/0 -o farm.csv
    """
    options_of_all: dict[str, Any] = {
        "episode_s": episode,
        "period_s": period,
        "horizon_s": horizon,
        "held_back": held_back,
        "statistical": statistical,
        "output": output,
        "picture": picture,
    }
    queue = config_of is not None or bool(source)
    _check(queue=queue, sources=bool(sources), since=since)
    found: QueueHistory | HistoryFound
    with Terminal(quiet=as_json) as listener:
        if queue:
            found = experiments.queue_history(
                config_of, source or (), setup, since=since, listener=listener, **options_of_all
            )
        else:
            found = experiments.history(sources or (), setup, episodes=episodes, listener=listener, **options_of_all)
    show_found(found, as_json=as_json)
    if not as_json:
        print_settings(found.settings())


def _check(*, queue: bool, sources: bool, since: str | None) -> None:
    if queue and sources:
        raise InputError("--from and --source ask a queue: name no SOURCE beside them; a recording can be one later")
    if since is not None and not queue:
        raise InputError(f"--since {since}: says how far back a queue is asked; name one with --from or --source")
