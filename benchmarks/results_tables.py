"""The tables of README and docs/results.md, written from two comparisons of every scenario.

    autoscale compare --scenarios all --direct ... --output-dir runs/targets
    autoscale compare --scenarios all ... --output-dir runs/steps
    python -m benchmarks.results_tables runs/targets/compare_run_* runs/steps/compare_run_*

The first run's rules reach their targets at once, as people run them; in the second every policy moves by one worker a
step. A table stands between ``<!-- table NAME -->`` and ``<!-- end -->``; what is there is replaced.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.pairs import regret
from analysis.statistics import Interval
from autoscaling_env.files import atomic_write
from experiments import Comparison
from experiments.comparison import results_in

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "results.md")
#: Column of a table -> the policy; rules first, then who searches, learns or knows.
POLICIES = {
    "average": "reactiveaverage",
    "maximum": "reactivemaximum",
    "hpa": "hpa",
    "keda": "keda",
    "kpa": "kpa",
    "CE": "openfaas-ce",
    "backlog": "backlog",
    "little": "little",
    "static-best": "static-best",
    "sarsa": "sarsa",
    "dqn": "dqn",
    "hindsight": "hindsight",
}
RULES = ("reactiveaverage", "reactivemaximum", "hpa", "keda", "kpa", "openfaas-ce", "backlog", "little")
KNOWS = "hindsight"


def main() -> None:
    """Write the tables into the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", type=Path)
    parser.add_argument("steps", type=Path)
    given = parser.parse_args()
    targets, steps = results_in(given.targets), results_in(given.steps)
    tables = {
        "targets-reward": reward_table(targets),
        "targets-qos": qos_table(targets),
        "steps-reward": reward_table(steps),
        "steps-qos": qos_table(steps),
        "handicap": handicap_table(targets, steps),
        "regret": regret_table(targets),
    }
    for page in PAGES:
        text = page.read_text("utf-8")
        with atomic_write(page) as file:
            file.write(with_tables(text, tables))


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return a page with its tables replaced."""

    def replaced(found: re.Match[str]) -> str:
        return f"<!-- table {found[1]} -->\n\n{tables[found[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- table ([\w-]+) -->.*?<!-- end -->", replaced, text, flags=re.DOTALL)


def reward_table(found: Comparison) -> str:
    """Return the mean episode return of every policy; the best that does not know the future is bold."""
    rows = []
    for scenario, means in _means(found, "total_reward").items():
        best = max(value for name, value in means.items() if name != KNOWS)
        cells = [f"**{value:,.0f}**" if value == best else f"{value:,.0f}" for value in means.values()]
        rows.append([scenario, *cells])
    return _markdown(["scenario", *_columns(found)], rows)


def qos_table(found: Comparison) -> str:
    """Return deadlines met (%) and mean workers of every policy."""
    qos, workers = _means(found, "qos_of_all_tasks"), _means(found, "mean_workers")
    rows = [
        [scenario, *(f"{100 * means[name]:.1f} / {workers[scenario][name]:.1f}" for name in means)]
        for scenario, means in qos.items()
    ]
    return _markdown(["scenario", *_columns(found)], rows)


def handicap_table(targets: Comparison, steps: Comparison) -> str:
    """Return what one worker a step costs the rules: deadlines met (%) with targets, and with steps."""
    with_targets, with_steps = _means(targets, "qos_of_all_tasks"), _means(steps, "qos_of_all_tasks")
    names = [column for column, name in POLICIES.items() if name in RULES]
    rows = [
        [scenario, *(f"{100 * means[POLICIES[n]]:.1f} / {100 * with_steps[scenario][POLICIES[n]]:.1f}" for n in names)]
        for scenario, means in with_targets.items()
    ]
    return _markdown(["scenario", *names], rows)


def regret_table(found: Comparison) -> str:
    """Return what policies lose to hindsight on the same tasks, with 95 % intervals."""
    rows = []
    for scenario, results in found.results.items():
        regrets = regret(results.episodes(), np.random.default_rng(0))
        rule = min((name for name in RULES if name in regrets), key=lambda name: regrets[name].estimate)
        others = [_interval(regrets[name]) for name in ("static-best", "sarsa", "dqn") if name in regrets]
        rows.append([scenario, rule, _interval(regrets[rule]), *others])
    return _markdown(["scenario", "best rule", "its regret", "static-best", "sarsa", "dqn"], rows)


def _interval(found: Interval) -> str:
    return f"{found.estimate:,.1f} [{found.low:,.1f}, {found.high:,.1f}]"


def _means(found: Comparison, figure: str) -> dict[str, dict[str, float]]:
    """Scenario -> policy -> mean, in the order of ``POLICIES``."""
    column: pd.Series[float] = found.table()[figure]
    return {
        scenario: {name: float(column.loc[(scenario, name)]) for name in POLICIES.values() if name in results.agents}
        for scenario, results in found.results.items()
    }


def _columns(found: Comparison) -> list[str]:
    played = {name for results in found.results.values() for name in results.agents}
    return [column for column, name in POLICIES.items() if name in played]


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
