"""``autoscale demo``: the main job on embedded defaults, in well under a minute."""

from __future__ import annotations

from pathlib import Path

from cli import options
from cli.comparing import Wanted, compare_and_report
from cli.settings import Overrides

AGENTS = ("reactiveaverage", "reactivemaximum", "static-12", "static-best", "sarsa")
SCENARIOS = ("reference", "trace")


def demo(
    episodes: options.Episodes = 10,
    seed: options.Seed = 0,
    output_dir: options.OutputDir = Path("runs"),
) -> None:
    """Train an agent, then compare it with the reactive rules and constants, on phases and on a trace.

    Example: autoscale demo --episodes 5
    """
    wanted = Wanted("demo", AGENTS, (), seed, episodes, "sim", None, output_dir)
    # Enough to beat the best constant; `autoscale train` trains longer.
    overrides = Overrides(assignments=("agents.sarsa.episodes=300", "agents.training.eval_episodes=0"))
    compare_and_report(wanted, overrides, SCENARIOS, title="Demo: a trained agent beside the rules you run today")
