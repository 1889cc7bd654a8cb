"""The table of docs/reward.md: how the shaped reward ranks policies, beside deadlines met and plain money.

    python -m benchmarks.reward_ranks [--episodes 10]

Sixteen policies at one worker a step on the test episodes of every scenario; Kendall's rank correlation of their mean
episode returns with the share of deadlines met and with the (negative) cost at the default prices. The folder of
recordings that are not shipped is what AUTOSCALE_DATA names; where it lacks one, its scenario is left out.
"""

from __future__ import annotations

import argparse

import pandas as pd
from scipy.stats import kendalltau

from agents.autoscalers import INDUSTRY
from autoscaling_env.config import default_config
from autoscaling_env.files import atomic_write
from benchmarks.results import ROOT, markdown, with_tables
from experiments import compare, scenario_list

PAGE = ROOT / "docs" / "reward.md"
CONSTANTS = (10, 13, 16, 19, 22, 26, 32)
POLICIES = (*INDUSTRY, "reactiveaverage", "reactivemaximum", *(f"static-{workers}" for workers in CONSTANTS))


def main() -> None:
    """Play, and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10)
    given = parser.parse_args()
    names = list(scenario_list("all", print))
    episodes = compare(POLICIES, names, episodes=given.episodes, record_tasks=False).episodes()
    rows = [_row(name, episodes[episodes["scenario"] == name]) for name in names]
    head = ["scenario", "reward and QoS", "reward and cost", "best by reward", "best by cost"]
    text = PAGE.read_text("utf-8")
    with atomic_write(PAGE) as file:
        file.write(with_tables(text, {"ranks": markdown(head, rows)}))


def _row(scenario: str, episodes: pd.DataFrame) -> list[str]:
    means = episodes.groupby("agent")[["total_reward", "qos_of_all_tasks", "worker_seconds"]].mean()
    prices = default_config().reward
    missed = (episodes["qos_violations"] + episodes["unfinished_tasks"]).groupby(episodes["agent"]).mean()
    means["cost"] = means["worker_seconds"] * prices.worker_second_price + missed * prices.missed_deadline_price
    reward = means["total_reward"]
    ranks = [kendalltau(reward, values).statistic for values in (means["qos_of_all_tasks"], -means["cost"])]
    best = [str(reward.idxmax()), str(means["cost"].idxmin())]
    shown = [
        f"{name} ({100 * means['qos_of_all_tasks'][name]:.1f} %, {means['worker_seconds'][name]:,.0f} ws)"
        for name in best
    ]
    return [f"`{scenario}`", *(f"{rank:+.2f}" for rank in ranks), *shown]


if __name__ == "__main__":
    main()
