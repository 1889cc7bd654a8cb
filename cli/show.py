"""Tables and pictures of a finished comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.pairs import compare_pairs
from analysis.results import Results
from analysis.tables import Row, pair_rows, summary_rows
from cli.console import out, table

#: Columns of the summary; the rest is in aggregated_results.json.
COLUMNS = ("total_reward", "final_qos_total", "mean_workers", "worker_seconds", "scaling_actions", "unfinished_tasks")


def show_rows(title: str, rows: Sequence[Row], caption: str | None = None) -> None:
    """Print rows as a table."""
    if rows:
        out.print(table(title, list(rows[0]), [list(row.values()) for row in rows], caption=caption))


def show_summary(title: str, results: Results) -> None:
    """Print the summary of every agent."""
    rows = [{key: value for key, value in row.items() if key != "Episodes"} for row in summary_rows(results, COLUMNS)]
    episodes = max(len(agent.records) for agent in results.agents.values())
    show_rows(title, rows, f"mean ± standard deviation over {episodes} episodes; every agent met the same tasks")


def show_pairs(results: Results, baseline: str, seed: int) -> None:
    """Print each agent against ``baseline`` on the same episodes, and what may be said of it."""
    rng = np.random.default_rng(seed)
    rows = pair_rows(compare_pairs(results.episodes(), "total_reward", rng, baseline=baseline))
    wanted = ("Agent", "Difference [95 % interval]", "P(improvement)", "Verdict")
    show_rows(f"total reward against {baseline}, paired", [{key: row[key] for key in wanted} for row in rows])


def draw(folder: Path, results: Results) -> list[Path]:
    """Draw the comparison's pictures from its files; return their paths."""
    from analysis.plots.comparison import comparison_plots

    (folder / "plots").mkdir(exist_ok=True)
    return [comparison_plots(results, folder / "plots" / "comparison_plots.png")]


def summary_json(results: Results, paths: Mapping[str, Path]) -> dict[str, Any]:
    """Return what ``--json`` prints: summaries and where the files are."""
    agents = {
        name: {key: figure.model_dump() for key, figure in agent.summary.items()}
        for name, agent in results.agents.items()
    }
    return {"agents": agents, "meta": results.meta, "files": {name: str(path) for name, path in paths.items()}}
