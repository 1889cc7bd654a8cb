"""``autoscale demo``: the main job on embedded defaults, in well under a minute."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import options
from cli.settings import Overrides, resolve
from cli.show import print_paths

if TYPE_CHECKING:
    from autoscaling_env.config import Config

AGENTS = ("reactiveaverage", "reactivemaximum", "static-12", "static-best", "sarsa")
SCENARIOS = ("reference", "trace")
LIVE_AGENTS = ("reactivemaximum", "static-14")
#: Each phase of the reference workload, cut down: an episode in 17 real seconds instead of 24.
LIVE_PHASE_S = 40


def demo(
    episodes: options.Episodes = 10,
    live: Annotated[
        bool,
        typer.Option("--live", help="Two policies on a real farm on this machine, ten times faster."),
    ] = False,
    objective: options.Objective = None,
    seed: options.Seed = 0,
    output_dir: options.OutputDir = Path("runs"),
) -> None:
    """Train an agent, then compare it with the reactive rules and constants, on phases and on a trace.

    Examples:

      autoscale demo --episodes 5

      autoscale demo --live
    """
    from cli.comparing import compare_and_report
    from cli.places import Wanted

    if live:
        _live(seed, output_dir, objective)
        return
    wanted = Wanted("demo", AGENTS, (), seed, episodes, "sim", None, output_dir)
    # Enough to beat the best constant; `autoscale train` trains longer.
    quick = ("agents.sarsa.episodes=300", "agents.training.eval_episodes=0", "agents.training.envs=8")
    overrides = Overrides(assignments=quick, values=_values(objective))
    compare_and_report(wanted, overrides, SCENARIOS, title="Demo: a trained agent beside the rules you run today")


def _values(objective: str | None) -> dict[str, tuple[str, Any]]:
    return options.environment_values(None, None, None, objective)


def _live(seed: int, output_dir: Path, objective: str | None) -> None:
    """Real Redis, real processes; then the simulator's prediction for the same actions on the same tasks."""
    from analysis.results import read_aggregated
    from autoscaling_env.run_folder import RunFolder
    from cli.comparing import compare_in
    from cli.finishing import finish
    from cli.gap import show_gap, write_gap
    from cli.places import Place, Wanted, prepare
    from cli.replay import play_again

    config = _shortened(resolve(Overrides(assignments=("live.time_scale=0.1",), values=_values(objective))))
    wanted = Wanted("demo_live", LIVE_AGENTS, (), seed, 1, "local", None, output_dir)
    started = datetime.now(UTC)
    root = RunFolder.create(output_dir, wanted.kind, started)
    root.write_start(config, command=sys.argv, seed=seed, started=started)
    ready = prepare(Place("live", config, seed, seed), wanted, quiet=False)
    live = RunFolder(root.path / "live")
    results = {"live": compare_in(ready, wanted, live, wanted.backend)}
    simulated = play_again(live.path, config, "sim", RunFolder(root.path / "simulated"), quiet=True)
    results[simulated.path.name] = read_aggregated(simulated.path / "aggregated_results.json")
    report, paths = write_gap(simulated.path, live.path)
    finish(root.path, results, seed, title="Demo: the real farm beside the simulator's prediction")
    show_gap(report)
    print_paths(paths)


def _shortened(config: Config) -> Config:
    from autoscaling_env.settings import with_overrides

    phases = config.model_dump(mode="json")["workload"]["phases"]
    return with_overrides(config, {"workload.phases": [phase | {"duration_s": LIVE_PHASE_S} for phase in phases]})
