"""The tables of README and docs/results.md that show rules as people run them: played, and written into the pages.

    python -m benchmarks.results [--output-dir runs] [--jobs 2] [--scenarios a,b]

In every scenario a DQN is trained as published (shaped reward, one worker a step; 300 episodes, one training seed);
then it, the rules and the best constant play the test episodes where actions are targets and an episode costs money,
and the rules once more held to one worker a step. A table stands between ``<!-- table NAME -->`` and ``<!-- end -->``;
what is there is replaced, and so is docs/pictures/targets.png. The table of the shaped reward, every policy at one
worker a step, comes from the command above it. The folder of recordings that are not shipped is what AUTOSCALE_DATA
names; where it lacks one, its scenario is left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.pairs import compare as compare_with
from analysis.plots.pareto import pareto_plot
from analysis.statistics import Interval
from autoscaling_env.files import atomic_write
from experiments import Comparison, Setup, compare, scenario_list, train
from experiments.comparison import results_in

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "pictures" / "targets.png"
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


#: As in the table of the shaped reward.
TRAINED = {"agents.dqn.episodes": 300, "agents.training.envs": 8, "agents.training.checkpoint_every": 50}
COST = {"reward.objective": "cost"}
TARGETS = {"environment.action": "target"}
EPISODES = 10


def main() -> None:
    """Play, and write the tables into the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "results")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--scenarios", default="all")
    given = parser.parse_args()
    names = scenario_list(given.scenarios, print)
    with ProcessPoolExecutor(given.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        played = list(pool.map(play, names, [given.output_dir] * len(names)))
    targets, steps = (joined(each) for each in zip(*played, strict=True))
    tables = {
        "targets-cost": reward_table(targets, digits=1),
        "targets-qos": qos_table(targets),
        "handicap": handicap_table(targets, steps),
        "against": against_table(targets),
    }
    pareto_plot(targets.episodes(), PICTURE, np.random.default_rng(0))
    for page in PAGES:
        text = page.read_text("utf-8")
        with atomic_write(page) as file:
            file.write(with_tables(text, tables))


def play(scenario: str, output_dir: Path) -> tuple[Path, Path]:
    """Train and compare in one scenario; return the folders of both comparisons."""
    cost = Setup(scenario=scenario, settings=COST)
    model = train("dqn", Setup(scenario=scenario, settings=TRAINED), output_dir=output_dir).result.model
    options: dict[str, Any] = {"episodes": EPISODES, "record_tasks": False, "output_dir": output_dir}
    direct = compare([*RULES, "static-best", str(model)], cost.with_settings(TARGETS), **options)
    stepwise = compare(RULES, cost, **options)
    assert direct.folder is not None  # noqa: S101 - both have an output_dir
    assert stepwise.folder is not None  # noqa: S101 - same
    return direct.folder, stepwise.folder


def joined(folders: Sequence[Path]) -> Comparison:
    """Return several comparisons of one scenario each as one."""
    results = {}
    for folder in folders:
        (found,) = results_in(folder).results.values()
        results[str(found.meta["workload"])] = found
    return Comparison(results=results)


def with_tables(text: str, tables: Mapping[str, str]) -> str:
    """Return a page with those of its tables replaced."""

    def replaced(found: re.Match[str]) -> str:
        if found[1] not in tables:
            return found[0]
        return f"<!-- table {found[1]} -->\n\n{tables[found[1]]}\n\n<!-- end -->"

    return re.sub(r"<!-- table ([\w-]+) -->.*?<!-- end -->", replaced, text, flags=re.DOTALL)


def reward_table(found: Comparison, digits: int) -> str:
    """Return the mean episode return of every policy; the best that does not know the future is bold."""
    rows = []
    for scenario, means in _means(found, "total_reward").items():
        best = max(value for name, value in means.items() if name != KNOWS)
        shown = [f"{value:,.{digits}f}" for value in means.values()]
        cells = [f"**{text}**" if value == best else text for text, value in zip(shown, means.values(), strict=True)]
        rows.append([scenario, *cells])
    return markdown(["scenario", *_columns(found)], rows)


def qos_table(found: Comparison) -> str:
    """Return deadlines met (%) and mean workers of every policy."""
    qos, workers = _means(found, "qos_of_all_tasks"), _means(found, "mean_workers")
    rows = [
        [scenario, *(f"{100 * means[name]:.1f} / {workers[scenario][name]:.1f}" for name in means)]
        for scenario, means in qos.items()
    ]
    return markdown(["scenario", *_columns(found)], rows)


def handicap_table(targets: Comparison, steps: Comparison) -> str:
    """Return what one worker a step costs the rules: deadlines met (%) with targets, and with steps."""
    with_targets, with_steps = _means(targets, "qos_of_all_tasks"), _means(steps, "qos_of_all_tasks")
    names = [column for column, name in POLICIES.items() if name in RULES]
    rows = [
        [scenario, *(f"{100 * means[POLICIES[n]]:.1f} / {100 * with_steps[scenario][POLICIES[n]]:.1f}" for n in names)]
        for scenario, means in with_targets.items()
    ]
    return markdown(["scenario", *names], rows)


def against_table(found: Comparison) -> str:
    """Return what the DQN returns more than the best constant and the best rule, paired, with 95 % intervals."""
    rows = []
    for scenario, results in found.results.items():
        episodes = results.episodes()
        means = _means(found, "total_reward")[scenario]
        rule = max(RULES, key=lambda name: means[name])
        pairs = [compare_with(episodes, "dqn", other, "total_reward", rng()) for other in ("static-best", rule)]
        rows.append([scenario, _interval(pairs[0].difference), rule, _interval(pairs[1].difference)])
    return markdown(["scenario", "dqn less static-best", "best rule", "dqn less best rule"], rows)


def rng() -> np.random.Generator:
    """Return the generator of intervals, the same for every table."""
    return np.random.default_rng(0)


def _interval(found: Interval) -> str:
    return f"{found.estimate:+,.1f} [{found.low:+,.1f}, {found.high:+,.1f}]"


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


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
