"""A study's report: tables and pictures of what is finished, in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from analysis.plots.pareto import pareto_plot
from analysis.plots.study import efficiency_plot, profile_plot
from analysis.tables import Row
from autoscaling_env.errors import InputError
from autoscaling_env.files import atomic_write
from experiments.studies.findings import StudyFindings, runs_of
from experiments.studies.planning import Opened
from experiments.studies.records import checkpoints_of, episodes_of
from experiments.studies.store import finished, manifests


def findings_of(opened: Opened) -> StudyFindings:
    """Return what is finished of a study, added up.

    Raises:
        InputError: no evaluation is finished.
    """
    once = opened.once
    done = sorted(finished(opened.store) & set(once))
    known = manifests(opened.store, done)
    episodes = episodes_of(opened, known)
    if episodes.empty:
        raise InputError(f"{opened.study.name}: no evaluation is finished; run it with autoscale study run")
    labels = list(dict.fromkeys(episodes["label"]))
    said, first = opened.study.report, [*opened.study.evaluate.policies, *labels]
    return StudyFindings(
        name=opened.study.name,
        metric=said.metric,
        against=next(each for each in (said.against, *first) if each in labels),
        best=said.best if said.best in labels else "",
        shared=opened.study.evaluate.tests == "shared",
        episodes=episodes,
        runs=runs_of(episodes),
        checkpoints=checkpoints_of(opened, known),
        done=len(done),
        total=len(once),
    )


def report_study(opened: Opened, output: Path | None = None) -> StudyFindings:
    """Write tables, pictures and the figures of every run of what is finished into a folder.

    Args:
        opened: the study.
        output: the folder; ``<name>-report`` if left out.

    Raises:
        InputError: no evaluation is finished.
    """
    found = findings_of(opened)
    folder = output or Path(f"{found.name}-report")
    rng = np.random.default_rng(0)
    files = {"runs": folder / "runs.csv", "report": folder / "report.md"}
    with atomic_write(files["runs"]) as stream:
        found.runs.reset_index().to_csv(stream, index=False)
    scored = found.scored()
    if scored:
        unit = "score" if found.best else f"difference to {found.against}"
        files["profiles"] = profile_plot(scored, folder / "profiles.png", rng, unit=unit)
    if not found.checkpoints.empty:
        files["sample efficiency"] = efficiency_plot(found.checkpoints, folder / "efficiency.png", rng)
    named = found.episodes.rename(columns={"place": "scenario", "label": "agent"})
    files["quality against price"] = pareto_plot(named, folder / "quality.png", rng)
    with atomic_write(files["report"]) as stream:
        stream.write(_page(found, files))
    return replace(found, files=files)


def _page(found: StudyFindings, files: dict[str, Path]) -> str:
    parts = [f"# {found.name}", f"{found.caption().capitalize()}."]
    for title, rows in found.tables().items():
        parts += [f"## {title}", _table(rows)]
    pictures = [(name, path) for name, path in files.items() if path.suffix == ".png"]
    parts += [f"![{name}]({path.name})" for name, path in pictures]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
