"""``autoscale history``: what the planner may know, looked at, scored, drawn, and written to one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import experiments
from cli import options
from cli.groups import takes
from cli.show import show_found
from cli.terminal import Terminal

if TYPE_CHECKING:
    from experiments import Setup


@takes(setup=options.TIMED)
def history(
    setup: Setup,
    sources: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SOURCE]...", help="Run folders, live or not, and trace files."),
    ] = None,
    episodes: Annotated[
        int, typer.Option("--episodes", min=1, max=options.MOST_EPISODES, help="Without a SOURCE: training episodes.")
    ] = 100,
    episode: Annotated[
        float | None,
        typer.Option("--episode", metavar="SECONDS", help="What recordings are cut into.  [default: long ones: days]"),
    ] = None,
    horizon: Annotated[float, typer.Option("--horizon", metavar="SECONDS", help="How far ahead is foreseen.")] = 60.0,
    held_back: Annotated[float, typer.Option("--held-back", help="The share that is foreseen and not learned.")] = 0.2,
    statistical: Annotated[
        bool, typer.Option("--statsforecast", help="Score MSTL with AutoETS, too (needs the extra forecast).")
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "--out", "-o", metavar="FILE", help="The history, for planner:FILE.")
    ] = Path("history.npz"),
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="The fan chart.  [default: beside the history]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make a history of arrivals from runs, live recordings, traces or training episodes, and score who foresees it.

    The planner reads it: `autoscale compare --agents planner:history.npz`.

    Examples:

      autoscale history --scenario flash_crowd

      autoscale history runs/compare_run_20260101T000000Z runs/compare_run_LIVE -o mine.npz

      autoscale history access.log --step-duration 8 --horizon 120
    """
    with Terminal(quiet=as_json) as listener:
        found = experiments.history(
            sources or (),
            setup,
            episodes=episodes,
            episode_s=episode,
            horizon_s=horizon,
            held_back=held_back,
            statistical=statistical,
            output=output,
            picture=picture,
            listener=listener,
        )
    show_found(found, as_json=as_json)
