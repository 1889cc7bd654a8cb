"""Results in the terminal: tables, sentences, and where the files are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

from cli.console import escape, note, out
from cli.tables import fitting

if TYPE_CHECKING:
    from experiments import Comparison


class Found(Protocol):
    """A result that says everything itself."""

    @property
    def files(self) -> Mapping[str, Path]:
        """What was written."""
        ...

    def tables(self) -> Mapping[str, Sequence[Mapping[str, str]]]:
        """Return printable rows by title."""
        ...

    def to_json(self) -> Any:
        """Return what ``--json`` prints."""
        ...


def show_rows(title: str, rows: Sequence[Mapping[str, str]], caption: str | None = None) -> None:
    """Print rows as a table."""
    if rows:
        out.print(fitting(out, title, list(rows[0]), [list(row.values()) for row in rows], caption=caption))


def show_tables(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    """Print tables by their titles."""
    for title, rows in tables.items():
        show_rows(title, rows)


def show_found(found: Found, *, as_json: bool = False) -> None:
    """Print what was found, and where it is."""
    if as_json:
        print_json(found.to_json())
        return
    show_tables(found.tables())
    print_paths(found.files)


def show_comparison(found: Comparison, *, as_json: bool = False) -> None:
    """Print what a comparison found.

    Raises:
        KeyboardInterrupt: it was interrupted: what was played is shown, the exit code says that it is not all.
    """
    for sentence in found.notes:
        note(sentence)
    if as_json:
        print_json(found.to_json())
    else:
        for scenario in found.results:
            show_summary(found, scenario)
            title = f"episode return against {found.yardstick(scenario)}, paired"
            show_rows(title, found.pair_rows(scenario))
        show_sentences(found.in_short())
        if found.folder is not None:
            print_paths({"records": found.folder, **found.files})
    if found.interrupted:
        raise KeyboardInterrupt


def show_summary(found: Comparison, scenario: str) -> None:
    """Print the summary of every policy in one scenario."""
    show_rows(scenario, found.summary_rows(scenario), found.caption(scenario))


def show_sentences(sentences: Mapping[str, Sequence[str]]) -> None:
    """Print each scenario in a few sentences."""
    for name, lines in sentences.items():
        if lines:
            out.print(f"[bold]{escape(name)}, in short[/]", highlight=False, soft_wrap=True)
        for line in lines:
            out.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    if any(sentences.values()):
        out.print()


def print_settings(lines: Mapping[str, str]) -> None:
    """Print lines of YAML to copy, each after the file that it belongs to."""
    for place, line in lines.items():
        print_line(f"in {place}:\n{line}")


def print_paths(paths: Mapping[str, Path | str]) -> None:
    """Print where to look."""
    width = max(map(len, paths))
    for name, path in paths.items():
        print_line(f"{name:<{width}}  {path}")


def print_line(line: str) -> None:
    """Print a line as it is, however long."""
    out.print(line, highlight=False, soft_wrap=True, markup=False)


def print_json(data: Any) -> None:
    """Print JSON on stdout."""
    typer.echo(json.dumps(data, indent=1))
