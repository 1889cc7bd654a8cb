"""Writes the tables of docs/metrics.md: ``python -m autoscaling_env.schema_page docs/metrics.md``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from autoscaling_env.files import atomic_write
from autoscaling_env.schema import OBSERVED, RANDOMIZED, STEP, recorded_columns


def tables() -> dict[str, str]:
    """Return heading -> the table under it."""
    observed = ((f"{place}", f"`{c.name}`", c.unit, c.meaning) for place, c in enumerate(OBSERVED))
    keys = [c for c in (*STEP, RANDOMIZED) if c.info]
    info = ((f"`{c.name}`", c.unit, c.meaning + ("" if c.always else "; only at its end")) for c in keys)
    steps = ((f"`{c.name}`", c.unit, c.meaning, c.source) for c in recorded_columns(randomized=True))
    return {
        "Observation": _table(("index", "field", "unit", "meaning"), observed),
        "info": _table(("key", "unit", "meaning"), info),
        "steps.parquet": _table(("column", "unit", "meaning", "source"), steps),
    }


def with_tables(page: str) -> str:
    """Return the page with the first table under each of these headings replaced."""
    for heading, table in tables().items():
        pattern = re.compile(rf"(?<=^## {re.escape(heading)}\n)(.*?\n\n)\| .*?(?=\n\n)", re.DOTALL | re.MULTILINE)
        page = pattern.sub(partial(_replaced, table), page, count=1)
    return page


def _replaced(table: str, found: re.Match[str]) -> str:
    return found[1] + table


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *map(list, rows)]
    return (
        "\n".join("| " + " | ".join(line) + " |" for line in lines)
        .replace("| --- |", "|---|")
        .replace(" --- |", "---|")
    )


if __name__ == "__main__":
    target = Path(sys.argv[1])
    text = with_tables(target.read_text("utf-8"))
    with atomic_write(target) as file:
        file.write(text)
