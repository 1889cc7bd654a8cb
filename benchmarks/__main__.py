"""``python -m benchmarks [NAME…]``: run the benchmarks, print their rows, write ``benchmarks/results.json``."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.files import atomic_write

FOLDER = Path(__file__).parent
#: Need minutes, a cluster or root: run only when named.
ON_REQUEST = {"cluster", "live", "live_loss"}


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all that need nothing but this machine."""
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    for name in names:
        if name not in known:
            raise InputError(unknown_name("benchmark", name, known))
    rows: list[dict[str, Any]] = []
    for name in names or [name for name in known if name not in ON_REQUEST]:
        Console(stderr=True).print(f"[dim]bench_{name}[/]")
        rows += importlib.import_module(f"benchmarks.bench_{name}").run()
    _print(rows)
    with atomic_write(FOLDER / "results.json") as file:
        json.dump(rows, file, indent=1)


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table("What", "Value", "Unit", "Ratio", "to")
    for row in rows:
        ratio = f"{row['ratio']:.3g}" if row.get("ratio") is not None else ""
        table.add_row(row["name"], f"{row['value']:.4g}", row["unit"], ratio, str(row.get("ratio_to") or ""))
    Console(width=160).print(table)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
