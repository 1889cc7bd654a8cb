"""What the terminal shows: progress, remarks, errors. Results go to stdout, the rest to stderr."""

from __future__ import annotations

import io
import sys
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from autoscaling_env.errors import AutoscalingError, InputError

#: Wide where nobody's terminal sets a width: a file or a pipe.
WIDTH = 180

out = Console(emoji=False, width=None if sys.stdout and sys.stdout.isatty() else WIDTH)  # None: it was closed
err = Console(stderr=True, emoji=False)


def print_anything(*streams: TextIO | None) -> None:
    """Have streams print a question mark for what their encoding lacks (± in ASCII), instead of ending the run."""
    for stream in streams:
        # None: it was closed. Other handlers never fail: PYTHONIOENCODING may name one.
        if isinstance(stream, io.TextIOWrapper) and stream.errors in {"strict", "surrogateescape"}:
            stream.reconfigure(errors="replace")


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
    """Return a progress bar with elapsed time and time remaining, on stderr; silent where nobody watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("remaining"),
        TimeRemainingColumn(),
        console=err,
        disable=quiet or not err.is_terminal,
    )
