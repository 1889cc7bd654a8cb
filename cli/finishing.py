"""What every comparison ends with, made from its files: tables, pictures, the report, a few sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import typer

from analysis.results import Results
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
    paths: dict[str, Path] = dict(more or {})
    for name, results in found.items():
        paths |= draw(folder / name if len(found) > 1 else folder, results, name if len(found) > 1 else "")
    paths |= draw_all(folder, found, seed, title=title)
    places = {name: folder / name if len(found) > 1 else folder for name in found}
    told = {name: sentences(places[name], results, seed) for name, results in found.items()}
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
