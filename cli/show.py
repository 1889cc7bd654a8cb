"""Tables and pictures of a finished comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.console import escape, out
from cli.tables import fitting

if TYPE_CHECKING:
    from analysis.results import Results
    from analysis.tables import Row

#: Columns of the summary; the rest is in aggregated_results.json.
COLUMNS = ("total_reward", "final_qos_total", "mean_workers", "worker_seconds", "scaling_actions", "unfinished_tasks")
#: The best sequence found is what regret is measured against.
REFERENCE = "hindsight"


def show_rows(title: str, rows: Sequence[Row], caption: str | None = None) -> None:
    """Print rows as a table."""
    if rows:
        out.print(fitting(out, title, list(rows[0]), [list(row.values()) for row in rows], caption=caption))


def show_summary(title: str, results: Results) -> None:
    """Print the summary of every agent."""
    from analysis.tables import summary_rows

    rows = [{key: value for key, value in row.items() if key != "Episodes"} for row in summary_rows(results, COLUMNS)]
    episodes = max(len(agent.records) for agent in results.agents.values())
    caption = (
        f"mean ± standard deviation over {episodes} episode{'s' * (episodes != 1)}; every agent met the same tasks"
    )
    if (objective := results.meta.get("objective", "shaped")) != "shaped":
        caption += f"; objective: {objective}"
    if results.meta.get("interrupted"):
        caption += "; interrupted: the last episode is not whole"
    show_rows(title, rows, caption)


def show_pairs(results: Results, baseline: str, seed: int) -> None:
    """Print each agent against ``baseline`` on the same episodes, and what may be said of it."""
    import numpy as np

    from analysis.pairs import compare_pairs
    from analysis.tables import pair_rows

    rng = np.random.default_rng(seed)
    rows = pair_rows(compare_pairs(results.episodes(), "total_reward", rng, baseline=baseline))
    wanted = ("Agent", "Difference [95 % interval]", "P(improvement)", "Verdict")
    show_rows(f"total reward against {baseline}, paired", [{key: row[key] for key in wanted} for row in rows])


def sentences(folder: Path, results: Results, seed: int) -> list[str]:
    """Return a setting in a few sentences, from its files."""
    import numpy as np
    import pandas as pd

    from analysis.verdict import in_short

    steps = folder / "steps.parquet"
    return in_short(
        results.episodes(), np.random.default_rng(seed), pd.read_parquet(steps) if steps.is_file() else None
    )


def show_sentences(told: Mapping[str, Sequence[str]]) -> None:
    """Print each setting in a few sentences."""
    for name, lines in told.items():
        if lines:
            out.print(f"[bold]{escape(name)}, in short[/]", highlight=False, soft_wrap=True)
        for line in lines:
            out.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    if any(told.values()):
        out.print()


def print_paths(paths: Mapping[str, Path]) -> None:
    """Print where to look."""
    width = max(map(len, paths))
    for name, path in paths.items():
        out.print(f"{name:<{width}}  {path}", highlight=False, soft_wrap=True)


def draw(folder: Path, results: Results, name: str = "") -> dict[str, Path]:
    """Draw one setting's pictures from its files; return what they are called and where they are."""
    from analysis.plots.comparison import comparison_plots

    picture = comparison_plots(results, folder / "plots" / "comparison_plots.png", title=name or None)
    return {f"picture {name}".strip(): picture}


def draw_all(folder: Path, found: Mapping[str, Results], seed: int, *, title: str | None = None) -> dict[str, Path]:
    """Draw what spans all settings: quality against price, regret, and the report."""
    import numpy as np
    import pandas as pd

    from analysis.pairs import regret
    from analysis.plots.pareto import pareto_plot, regret_bars
    from analysis.report import write_report

    rng = np.random.default_rng(seed)
    tables = {name: results.episodes() for name, results in found.items()}
    everything = pd.concat([table.assign(scenario=name) for name, table in tables.items()], ignore_index=True)
    paths = {"quality against price": pareto_plot(everything, folder / "plots" / "pareto.png", rng)}
    regrets = {name: regret(table, rng) for name, table in tables.items() if REFERENCE in set(table["agent"])}
    if regrets:
        paths["regret"] = regret_bars(regrets, folder / "plots" / "regret.png")
    paths["report"] = write_report(folder, rng, **({"title": title} if title else {}))
    return paths


def summary_json(results: Results) -> dict[str, Any]:
    """Return what ``--json`` prints of one setting."""
    agents = {
        name: {key: figure.model_dump() for key, figure in agent.summary.items()}
        for name, agent in results.agents.items()
    }
    return {"agents": agents, "meta": results.meta}
