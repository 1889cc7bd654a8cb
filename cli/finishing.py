"""What every comparison ends with, made from its files: tables, pictures, the report, a few sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import typer

from analysis.results import RESULTS, Results, parts, read_aggregated
from autoscaling_env.errors import RunError
from cli.show import (
    draw,
    draw_all,
    print_paths,
    sentences,
    show_pairs,
    show_sentences,
    show_summary,
    summary_json,
)


def recorded(folder: Path) -> dict[str, Results]:
    """Return the results a comparison left in its folder, by scenario, in the order of the scenarios' index.

    Raises:
        RunError: there are none.
    """
    from workloads.scenarios import scenario_names

    known = list(scenario_names())
    found = {part.name: part for part in parts(folder)}
    if not found:
        raise RunError(f"{folder}: no run: neither training_metrics.json nor {RESULTS} is in it, nor in folders in it")
    order = sorted(found, key=lambda name: (known.index(name) if name in known else len(known), name))
    return {name: read_aggregated(found[name] / RESULTS) for name in order}


def pictures(folder: Path, found: Mapping[str, Results], seed: int, *, title: str | None = None) -> dict[str, Path]:
    """Draw all pictures of a comparison and its report; return what they are called and where they are."""
    paths: dict[str, Path] = {}
    for name, place in _places(folder, found).items():
        paths |= draw(place, found[name], name if len(found) > 1 else "")
    return paths | draw_all(folder, found, seed, title=title)


def _places(folder: Path, found: Mapping[str, Results]) -> dict[str, Path]:
    """Where the files of each scenario are."""
    return {name: folder / name if len(found) > 1 else folder for name in found}


def finish(
    folder: Path,
    found: Mapping[str, Results],
    seed: int,
    *,
    as_json: bool = False,
    title: str | None = None,
    more: Mapping[str, Path] | None = None,
) -> None:
    """Print tables and draw pictures of a comparison, from its files; ``more`` pictures are named beside them."""
    paths = {**(more or {}), **pictures(folder, found, seed, title=title)}
    told = {name: sentences(place, found[name], seed) for name, place in _places(folder, found).items()}
    if as_json:
        summaries = {name: summary_json(results) | {"in_short": told[name]} for name, results in found.items()}
        files = {name: str(path) for name, path in {"records": folder, **paths}.items()}
        data = {"scenarios": summaries, "files": files} if len(found) > 1 else next(iter(summaries.values()))
        typer.echo(json.dumps(data | {"files": files}, indent=1))
        return
    for name, results in found.items():
        show_summary(name, results)
        if len(results.agents) > 1:
            show_pairs(results, _yardstick(results), seed)
    show_sentences(told)
    print_paths({"records": folder, **paths})


def _yardstick(results: Results) -> str:
    """Against whom: the best constant if it is there, else the first agent."""
    agents = list(results.agents)
    return "static-best" if "static-best" in agents else agents[0]
