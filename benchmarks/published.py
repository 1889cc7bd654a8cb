"""The table of README that sets the simulator beside the published runs of the reference deployment.

    python -m benchmarks.published [--episodes 100]

Closed loop: the rules decide on what they see, on the test episodes of the scenario ``reference``; the published
figures are ten episodes of each policy on the real cluster. The table's place is marked ``<!-- table published -->``.
"""

from __future__ import annotations

import argparse

import pandas as pd

from autoscaling_env.files import atomic_write
from benchmarks.results import ROOT, markdown, with_tables
from experiments import compare

README = ROOT / "README.md"
#: Policy -> column -> what was published; a spread where one was.
PUBLISHED = {
    "reactiveaverage": {
        "final_qos_total": "50.87 ± 4.38",
        "mean_workers": "10.79",
        "max_workers": "16.6",
        "scaling_actions": "28.4",
    },
    "reactivemaximum": {
        "final_qos_total": "65.61 ± 14.26",
        "mean_workers": "13.92",
        "max_workers": "18.8",
        "scaling_actions": "26.8",
    },
    "static-12": {"final_qos_total": "86.2 ± 5.2"},
}
#: Column -> (what the table calls it, factor, digits).
FIGURES = {
    "final_qos_total": ("QoS %", 100, 1),
    "mean_workers": ("mean workers", 1, 2),
    "max_workers": ("most workers", 1, 1),
    "scaling_actions": ("scaling actions", 1, 1),
    "total_reward": ("total reward", 1, 1),
}
POLICIES = (*PUBLISHED, "static-15", "static-best", "hindsight")


def main() -> None:
    """Play, and write the table into README."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100)
    given = parser.parse_args()
    episodes = compare(POLICIES, "reference", episodes=given.episodes, record_tasks=False).episodes()
    text = README.read_text("utf-8")
    with atomic_write(README) as file:
        file.write(with_tables(text, {"published": table(episodes)}))


def table(episodes: pd.DataFrame) -> str:
    """Return mean ± standard deviation of every figure, and what was published of it in brackets."""
    policies = {name: episodes[episodes["agent"] == name] for name in episodes["agent"].unique()}
    rows = [[name, *(_cell(name, figure, rows[figure]) for figure in FIGURES)] for name, rows in policies.items()]
    return markdown(["policy", *(called for called, _, _ in FIGURES.values())], rows)


def _cell(policy: str, figure: str, values: pd.Series[float]) -> str:
    _, factor, digits = FIGURES[figure]
    found = f"{factor * values.mean():.{digits}f} ± {factor * values.std(ddof=0):.{digits}f}"
    published = PUBLISHED.get(policy, {}).get(figure)
    return found if published is None else f"{found} ({published})"


if __name__ == "__main__":
    main()
