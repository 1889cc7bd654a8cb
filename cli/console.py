"""What the terminal shows: tables, progress with a time to go, errors. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from autoscaling_env.errors import AutoscalingError, InputError

#: Wide where nobody's terminal sets a width: a file or a pipe.
WIDTH = 180

out = Console(emoji=False, width=None if sys.stdout and sys.stdout.isatty() else WIDTH)  # None: it was closed
err = Console(stderr=True, emoji=False)


def print_error(error: AutoscalingError) -> None:
    """Print an error: one line for each problem."""
    print_problems(*(error.problems if isinstance(error, InputError) else (str(error),)))


def print_problems(*problems: str) -> None:
    """Print each as one line, whatever is in it."""
    for problem in problems:
        line = " ".join(problem.splitlines())
        err.print(f"[bold red]error:[/] {escape(line)}", soft_wrap=True, highlight=False)


def note(text: str) -> None:
    """Print a remark to stderr."""
    err.print(f"[dim]{escape(text)}[/]", soft_wrap=True, highlight=False)


def escape(text: str) -> str:
    """Return ``text`` with nothing in it that rich would take for markup."""
    return text.replace("[", r"\[")


def progress(*, quiet: bool = False) -> Progress:
    """Return a progress bar with elapsed time and time to go, on stderr; silent where nobody watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("to go"),
        TimeRemainingColumn(),
        console=err,
        disable=quiet or not err.is_terminal,
    )


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str | None = None) -> Table:
    """Return a table; numbers are right-aligned; what is too wide is folded, never cut."""
    cells = [[escape(str(cell)) for cell in row] for row in rows]
    shown = Table(title=title, caption=caption, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD)
    shown.padding, shown.pad_edge = (0, 1), False
    for index, column in enumerate(columns):
        first = index == 0
        numeric = any(row[index][:1].isdigit() or row[index][:2].strip("+-")[:1].isdigit() for row in cells)
        justify: Literal["left", "right"] = "right" if numeric and not first else "left"
        shown.add_column(column, justify=justify, no_wrap=first, overflow="fold")
    for row in cells:
        shown.add_row(*row)
    return shown
