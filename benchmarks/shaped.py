"""The tables of docs/results.md as the reference deployment was published: shaped reward, one worker a step.

    python -m benchmarks.shaped [--output-dir runs] [--jobs 2]

Every policy plays 10 test episodes of every scenario; SARSA and the DQN are trained on training episodes before, 300
episodes each, one training seed. It is the ``autoscale compare`` of the page, with its tables written into it.
The folder of recordings that are not shipped is what AUTOSCALE_DATA names; where it lacks one, its scenario is left
out.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from analysis.pairs import compare as compare_with
from autoscaling_env.files import atomic_write
from benchmarks.results import (
    KNOWS,
    POLICIES,
    ROOT,
    RULES,
    TRAINED,
    markdown,
    qos_table,
    reward_table,
    rng,
    with_tables,
)
from experiments import Comparison, Setup, compare, scenario_list

PAGE = ROOT / "docs" / "results.md"
SETTINGS = {**TRAINED, "agents.sarsa.episodes": 300}
#: What a comparison calls a picture -> what the page does.
PICTURES = {"quality against price": "scenarios.png", "regret": "regret.png"}
OTHERS = ("static-best", "sarsa", "dqn")


def main() -> None:
    """Play, and write tables and pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "shaped")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    where = [Setup(name, settings=SETTINGS) for name in scenario_list("all", print)]
    found = compare(
        list(POLICIES.values()), where, episodes=10, record_tasks=False, jobs=given.jobs, output_dir=given.output_dir
    )
    tables = {
        "shaped-reward": reward_table(found, 0),
        "shaped-qos": qos_table(found),
        "shaped-regret": regret_table(found),
    }
    text = PAGE.read_text("utf-8")
    with atomic_write(PAGE) as file:
        file.write(with_tables(text, tables))
    for name, picture in PICTURES.items():
        shutil.copyfile(found.files[name], PAGE.parent / "pictures" / picture)


def regret_table(found: Comparison) -> str:
    """Return what the best rule, the best constant and the learners return less than hindsight, with 95 % intervals."""
    rows = []
    for scenario, results in found.results.items():
        episodes = results.episodes()
        means = episodes.groupby("agent")["total_reward"].mean()
        rule = max(RULES, key=lambda name: float(means[name]))
        regrets = [compare_with(episodes, KNOWS, name, "total_reward", rng()).difference for name in (rule, *OTHERS)]
        shown = [f"{each.estimate:,.1f} [{each.low:,.1f}, {each.high:,.1f}]" for each in regrets]
        rows.append([scenario, rule, *shown])
    return markdown(["scenario", "best rule", "its regret", *OTHERS], rows)


if __name__ == "__main__":
    main()
