"""Pictures of runs, drawn from their files and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import plots
from analysis.pairs import regret
from analysis.report import write_report
from analysis.results import RESULTS, Results, parts, read_aggregated
from autoscaling_env.errors import RunError
from autoscaling_env.run_folder import RunFolder
from workloads.scenarios import scenario_names

#: The best sequence found is what regret is measured against.
REFERENCE = "hindsight"
TRAINING, EVALUATION = "training_metrics.json", "evaluation_metrics.json"


def recorded_results(folder: Path) -> dict[str, Results]:
    """Return the results a comparison left in its folder, by scenario, in the order of the scenarios.

    Raises:
        RunError: there are none.
    """
    known = list(scenario_names())
    found = {part.name: part for part in parts(folder)}
    if not found:
        raise RunError(f"{folder}: no run: neither {TRAINING} nor {RESULTS} is in it, nor in folders in it")
    order = sorted(found, key=lambda name: (known.index(name) if name in known else len(known), name))
    return {name: read_aggregated(found[name] / RESULTS) for name in order}


def folders_of(folder: Path, results: Mapping[str, Results]) -> dict[str, Path]:
    """Return where the files of each scenario are."""
    return {name: folder / name if len(results) > 1 else folder for name in results}


def draw_comparison(
    folder: Path, results: Mapping[str, Results], seed: int, *, title: str | None = None
) -> dict[str, Path]:
    """Draw all pictures of a comparison and its report; return what they are called and where they are."""
    paths: dict[str, Path] = {}
    for name, place in folders_of(folder, results).items():
        shown = name if len(results) > 1 else ""
        picture = plots.comparison_plots(results[name], place / "plots" / "comparison_plots.png", title=shown or None)
        paths[f"picture {shown}".strip()] = picture
    return paths | _of_all(folder, results, np.random.default_rng(seed), title)


def draw_training(folder: RunFolder) -> Path:
    """Draw the learning curve of a training with its evaluations."""
    evaluated = (folder.path / EVALUATION).is_file()
    evaluation = folder.read_json(EVALUATION) if evaluated else None
    training = folder.read_json(TRAINING)
    title = f"{training['agent']}, seed {training['seed']}"
    return plots.learning_curves(training, evaluation, folder.path / "plots" / "learning_curves.png", title=title)


def draw(run: Path) -> dict[str, Path]:
    """Draw the pictures of a run folder again: of a training or a comparison.

    Raises:
        RunError: it is neither.
    """
    if (run / TRAINING).is_file():
        return {"picture": draw_training(RunFolder.open(run))}
    return draw_comparison(run, recorded_results(run), 0)


def draw_workers(steps: pd.DataFrame, path: Path) -> Path:
    """Draw the workers over time in the first episode; a picture shows one."""
    one = steps[steps["episode"] == steps["episode"].min()]
    runs = {str(agent): part for agent, part in one.groupby("agent", sort=False)}
    seed = int(one["episode_seed"].iloc[0])
    return plots.replica_plot(runs, path, title=f"Workers over time, episode seed {seed}")


def _of_all(
    folder: Path, results: Mapping[str, Results], rng: np.random.Generator, title: str | None
) -> dict[str, Path]:
    """Return what spans all scenarios: quality against price, regret, and the report."""
    tables = {name: found.episodes() for name, found in results.items()}
    everything = pd.concat([table.assign(scenario=name) for name, table in tables.items()], ignore_index=True)
    paths = {"quality against price": plots.pareto_plot(everything, folder / "plots" / "pareto.png", rng)}
    regrets = {name: regret(table, rng) for name, table in tables.items() if REFERENCE in set(table["agent"])}
    if regrets:
        paths["regret"] = plots.regret_bars(regrets, folder / "plots" / "regret.png")
    paths["report"] = write_report(folder, rng, **({"title": title} if title else {}))
    return paths
