"""The main job on embedded defaults: a policy that learned beside the rules people run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from experiments.comparing import Settings, compare
from experiments.comparison import Comparison
from experiments.listening import Listener
from experiments.setup import Setup

AGENTS = ("reactiveaverage", "reactivemaximum", "static-12", "static-best", "sarsa")
SCENARIOS = ("reference", "trace")
#: Enough to have a higher return than the best constant; ``train`` trains longer.
QUICK = {"agents.sarsa.episodes": 300, "agents.training.eval_episodes": 0, "agents.training.envs": 8}


def demo(
    setup: Setup, *, episodes: int, output_dir: Path, listener: Listener | None = None, command: Sequence[str] = ()
) -> Comparison:
    """Train an agent, then compare it with the reactive rules and constants."""
    settings = Settings(
        episodes=episodes,
        output_dir=output_dir,
        kind="demo",
        title="Demo: a trained agent beside the rules you run today",
        command=command,
    )
    quick = setup.with_settings(QUICK)
    return compare(AGENTS, [replace(quick, scenario=name) for name in SCENARIOS], settings, listener=listener)
