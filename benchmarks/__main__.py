"""``python -m benchmarks [NAME…]``: run the benchmarks, print their rows, keep them in ``benchmarks/results.json``."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write
from benchmarks.timing import show

FOLDER = Path(__file__).parent
#: Need a farm, a cluster or a GPU, and have a command line of their own: ``python -m benchmarks.bench_live --help``.
ALONE = {"cluster", "cuda", "live"}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all that need nothing but this machine."""
    known = sorted({path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py")} - ALONE)
    for name in names:
        if name not in known:
            raise InputError(unknown_name("benchmark", name, known))
    rows: list[dict[str, Any]] = []
    for name in names or known:
        Console(stderr=True).print(f"[dim]bench_{name}[/]")
        rows += importlib.import_module(f"benchmarks.bench_{name}").run()
    show(rows)
    kept = _earlier() if names else []
    with atomic_write(FOLDER / "results.json") as file:
        json.dump(replaced(kept, rows), file, indent=1)


def _earlier() -> list[dict[str, Any]]:
    path = FOLDER / "results.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return rows


def replaced(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the old rows with the new ones in the place of theirs, and those that are new at the end."""
    measured = {(row["name"], row.get("ratio_to")): row for row in new}
    places = [(row["name"], row.get("ratio_to")) for row in old]
    return [measured.get(place, row) for place, row in zip(places, old, strict=True)] + [
        row for place, row in measured.items() if place not in places
    ]


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
