"""``autoscale demo``: the main job on embedded defaults, in well under a minute."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from analysis.results import read_aggregated
from autoscaling_env.config import Config
from autoscaling_env.run_folder import RunFolder
from cli import options
from cli.comparison import Comparison, run_comparison, write_comparison
from cli.console import out
from cli.policies import Setting, make_policy
from cli.settings import Overrides, load_workload, resolve
from cli.show import draw, show_summary

AGENTS = ("reactiveaverage", "reactivemaximum", "static-12", "static-best")


def demo(
    episodes: options.Episodes = 10,
    seed: options.Seed = 0,
    output_dir: options.OutputDir = Path("runs"),
) -> None:
    """Compare the reactive rules with constant worker counts on the default workload and on a trace.

    Example: autoscale demo --episodes 5
    """
    from workloads import sample_trace_path

    root = RunFolder.create(output_dir, "demo", datetime.now(UTC))
    pictures: list[Path] = []
    for name, overrides in (("reference", Overrides()), ("trace", Overrides(trace=sample_trace_path()))):
        config = resolve(overrides)
        root.write_start(config, command=sys.argv, seed=seed, started=datetime.now(UTC))
        pictures += _compare(RunFolder(root.path / name), config, episodes, seed)
    out.print(f"\ntables and records  {root.path}", highlight=False, soft_wrap=True)
    for picture in pictures:
        out.print(f"picture             {picture}", highlight=False, soft_wrap=True)


def _compare(folder: RunFolder, config: Config, episodes: int, seed: int) -> list[Path]:
    workload = load_workload(config)
    setting = Setting(config, workload, seed)
    policies = {name: make_policy(name, setting) for name in AGENTS}
    compared = run_comparison(Comparison(config, workload, policies, seed, episodes))
    folder.write_start(config, command=sys.argv, seed=seed, started=datetime.now(UTC))
    write_comparison(folder, compared)
    results = read_aggregated(folder.path / "aggregated_results.json")
    show_summary(workload.name, results)
    return draw(folder.path, results)
