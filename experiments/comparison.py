"""What a comparison found: results by scenario, as tables, sentences and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.pairs import compare_pairs
from analysis.results import Results
from analysis.tables import Row, pair_rows, summary_rows
from analysis.verdict import in_short
from autoscaling_env.errors import InputError
from experiments.pictures import draw_comparison, folders_of, recorded_results

#: Columns of the summary; the rest is in aggregated_results.json.
COLUMNS = ("total_reward", "final_qos_total", "mean_workers", "worker_seconds", "scaling_actions", "unfinished_tasks")
#: Of a paired difference, what is shown.
PAIRED = ("Agent", "Difference [95 % interval]", "P(improvement)", "Verdict")
#: Whom the others are set against, where it was played.
YARDSTICK = "static-best"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Policies on the identical episodes of one or more scenarios.

    Attributes:
        results: by scenario.
        steps: rows of ``steps.parquet`` by scenario; empty where only results are known.
        seed: draws the resamples of every interval.
        folder: where records, pictures and report are; None: nothing was written.
        files: what was drawn, by what it is called.
        interrupted: not everything was played.
        notes: what was left out on the way, one sentence each.
    """

    results: Mapping[str, Results]
    steps: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    seed: int = 0
    folder: Path | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    interrupted: bool = False
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row per scenario and policy: mean of every figure over the episodes (docs/metrics.md)."""
        rows = [
            {"scenario": scenario, "policy": policy} | {key: figure.mean for key, figure in agent.summary.items()}
            for scenario, found in self.results.items()
            for policy, agent in found.agents.items()
        ]
        return pd.DataFrame(rows).set_index(["scenario", "policy"])

    def episodes(self) -> pd.DataFrame:
        """Return one row per scenario, policy and episode (docs/metrics.md)."""
        tables = [found.episodes().assign(scenario=scenario) for scenario, found in self.results.items()]
        return pd.concat(tables, ignore_index=True)

    def summary_rows(self, scenario: str) -> list[Row]:
        """Return one printable row per policy: mean ± population standard deviation over episodes."""
        rows = summary_rows(self.results[scenario], COLUMNS)
        return [{key: value for key, value in row.items() if key != "Episodes"} for row in rows]

    def caption(self, scenario: str) -> str:
        """Return what there is to know of a summary's figures."""
        results = self.results[scenario]
        episodes = max(len(agent.records) for agent in results.agents.values())
        over = f"mean ± standard deviation over {episodes} episode{'s' * (episodes != 1)}"
        said = [over, "every agent met the same tasks"]
        if (objective := results.meta.get("objective", "shaped")) != "shaped":
            said.append(f"objective: {objective}")
        if results.meta.get("interrupted"):
            said.append("interrupted: the last episode is not whole")
        return "; ".join(said)

    def yardstick(self, scenario: str) -> str:
        """Return whom the others are set against: the best constant if it was played, else the first."""
        agents = list(self.results[scenario].agents)
        return YARDSTICK if YARDSTICK in agents else agents[0]

    def pair_rows(self, scenario: str) -> list[Row]:
        """Return one printable row per policy against the yardstick on the same episodes, and what may be said."""
        found = self.results[scenario]
        if len(found.agents) < 2:
            return []
        rng = np.random.default_rng(self.seed)
        pairs = compare_pairs(found.episodes(), "total_reward", rng, baseline=self.yardstick(scenario))
        return [{key: row[key] for key in PAIRED} for row in pair_rows(pairs)]

    def in_short(self) -> dict[str, list[str]]:
        """Return each scenario in a few sentences."""
        return {
            scenario: in_short(found.episodes(), np.random.default_rng(self.seed), self.steps.get(scenario))
            for scenario, found in self.results.items()
        }

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints: of one scenario its agents; of several ``scenarios`` by name."""
        sentences = self.in_short()
        summaries = {name: summary_json(found) | {"in_short": sentences[name]} for name, found in self.results.items()}
        where = {} if self.folder is None else {"records": self.folder}
        files = {name: str(path) for name, path in {**where, **self.files}.items()}
        data = {"scenarios": summaries} if len(summaries) > 1 else next(iter(summaries.values()))
        return data | {"files": files}


def summary_json(results: Results) -> dict[str, Any]:
    """Return the summary of one scenario as plain JSON."""
    agents = {
        name: {key: figure.model_dump() for key, figure in agent.summary.items()}
        for name, agent in results.agents.items()
    }
    return {"agents": agents, "meta": results.meta}


def read_comparison(folder: Path, *, seed: int = 0, title: str | None = None, name: str | None = None) -> Comparison:
    """Return the comparison in a run folder, and draw its pictures and report from its files.

    Args:
        folder: the run folder.
        seed: draws the resamples of every interval.
        title: of the report.
        name: of the scenario where there is one alone; the folder's if left out.

    Raises:
        RunError: there is none.
    """
    results = recorded_results(folder)
    if name is not None and len(results) == 1:
        results = {name: found for found in results.values()}  # noqa: B035 - there is one
    return Comparison(
        results=results,
        steps=_recorded_steps(folders_of(folder, results)),
        seed=seed,
        folder=folder,
        files=draw_comparison(folder, results, seed, title=title),
        interrupted=any(found.meta.get("interrupted") for found in results.values()),
    )


def results_in(folder: Path) -> Comparison:
    """Return the results in a comparison's folder, without drawing anything.

    Raises:
        RunError: there are none.
    """
    return Comparison(results=recorded_results(folder), folder=folder)


def newest_comparison(output_dir: Path) -> Path:
    """Return the newest comparison in a folder of runs.

    Raises:
        RunError: there is none.
    """
    found = [path for path in sorted(output_dir.glob("compare_run_*")) if any(path.rglob("aggregated_results.json"))]
    if not found:
        raise InputError(f"{output_dir}: no finished comparison in it; name one with --input-dir")
    return found[-1]


def _recorded_steps(folders: Mapping[str, Path]) -> dict[str, pd.DataFrame]:
    files = {name: folder / "steps.parquet" for name, folder in folders.items()}
    return {name: pd.read_parquet(file) for name, file in files.items() if file.is_file()}
