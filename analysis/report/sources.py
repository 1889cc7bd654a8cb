"""What a report is made from: the files of a run folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from analysis.report.decisions import Decisions, parse_decisions
from analysis.results import RESULTS, Results, parts, read_aggregated
from autoscaling_env.errors import RunError
from autoscaling_env.secrets import without_passwords

STEPS, DECISIONS = "steps.parquet", "decisions.jsonl"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One comparison: its name, its results, its step records where they were kept, and decisions that say why."""

    name: str
    results: Results
    steps: pd.DataFrame | None
    decisions: Decisions = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sources:
    """A run folder, read. Only the results are needed; what is missing is empty."""

    folder: Path
    manifest: dict[str, Any]
    configs: dict[str, str]
    scenarios: tuple[Scenario, ...]


def read_sources(folder: Path) -> Sources:
    """Read a run: one comparison, or one in each subfolder, named after the scenario.

    Raises:
        RunError: there is no ``aggregated_results.json`` in it, or a file cannot be read.
    """
    found = parts(folder)
    if not found:
        raise RunError(f"{folder}: no {RESULTS} in it or in its subfolders; run `autoscale compare` first")
    return Sources(
        folder=folder,
        manifest=_manifest(folder),
        configs=_configs(found, folder),
        scenarios=tuple(_scenario(path, "" if path == folder else path.name) for path in found),
    )


def _scenario(path: Path, name: str) -> Scenario:
    results = read_aggregated(path / RESULTS)
    name = name or str(results.meta.get("workload", ""))
    if not (path / STEPS).is_file():
        return Scenario(name, results, None)
    try:
        steps = pd.read_parquet(path / STEPS)
    except (OSError, ValueError) as error:
        raise RunError(f"{path / STEPS}: cannot be read: {error}") from None
    decisions = _decisions(path / DECISIONS)
    return Scenario(name, results, _with_reasons(steps, decisions), decisions)


def _decisions(path: Path) -> Decisions:
    text = _text(path)
    try:
        return parse_decisions(text)
    except ValueError as error:
        raise RunError(f"{path}: cannot be read: {error}") from None


def _with_reasons(steps: pd.DataFrame, decisions: Decisions) -> pd.DataFrame:
    """Return the steps with why each decision was made and what it foresaw for its step, where that was recorded."""
    if not decisions:
        return steps
    rows = [
        {
            "agent": agent,
            "episode": episode,
            "step": each.step,
            "because": each.because,
            "foreseen": float(each.forecast[2, 0]),
        }
        for (agent, episode), told in decisions.items()
        for each in told
    ]
    return steps.merge(pd.DataFrame(rows), on=["agent", "episode", "step"], how="left")


def _configs(found: list[Path], folder: Path) -> dict[str, str]:
    """Return the resolved configuration of each comparison, by its subfolder's name, fit to be passed on."""
    texts = {"" if path == folder else path.name: _text(path / "config.yml") for path in found}
    return {name: without_passwords(text) for name, text in texts.items() if text}


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads(_text(folder / "manifest.json") or "{}")
    except ValueError as error:
        raise RunError(f"{folder / 'manifest.json'}: cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
