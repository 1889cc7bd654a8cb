"""``autoscale study``: many trainings and evaluations from one file, on one machine or many."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Self, TypeAlias

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

import experiments
from cli import options
from cli.console import err, note
from cli.show import print_json, print_line, print_paths, show_tables
from cli.tables import fitting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments import Progress

app = typer.Typer(help="Run many trainings and evaluations from one file, and add them up.", no_args_is_help=True)

#: Real seconds between two tables.
TABLE_S = 10.0

StudyFile: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="The study.")]
StoreUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="DIR|URL", help="Where results lie, such as s3://bucket/folder.  [default: as FILE says]"
    ),
]


@app.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")] = Path("study.yml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a small study to begin with.

    Example: autoscale study init learners.yml
    """
    print_paths({"study": experiments.init_study(file, force=force)})


@app.command()
def plan(file: StudyFile, store: StoreUrl = None, as_json: options.Json = False) -> None:
    """Print the cells of a study, what they are likely to cost, and how many are finished.

    Example: autoscale study plan learners.yml
    """
    found = experiments.plan_study(file, store=store)
    if as_json:
        print_json(found.to_json())
        return
    show_tables(found.tables())
    print_line(found.in_short())


@app.command()
def run(
    file: StudyFile,
    store: StoreUrl = None,
    on: options.On = "local",
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Cells at the same time.  [default: one a core]")
    ] = None,
    address: options.Address = None,
    attempts: Annotated[
        int, typer.Option("--attempts", min=1, help="Times that a cell is tried where a machine may be at fault.")
    ] = 5,
    as_json: options.Json = False,
) -> None:
    """Run what is not finished; Ctrl-C leaves everything so that the same command goes on.

    Examples:

      autoscale study run learners.yml

      autoscale study run learners.yml --on ray --address auto --store s3://bucket/studies
    """
    with Watch(quiet=as_json) as watch:
        found = experiments.run_study(
            file, store=store, on=on, jobs=jobs, address=address, attempts=attempts, listener=watch
        )
    if as_json:
        print_json(found.to_json())
    else:
        print_line(found.progress.line())
        _tell(found.failed)
    if found.interrupted:
        note(f"interrupted: autoscale study run {file} goes on")
        raise KeyboardInterrupt
    if found.failed:
        raise typer.Exit(1)


@app.command()
def status(file: StudyFile, store: StoreUrl = None, as_json: options.Json = False) -> None:
    """Print how far a study is, whoever runs it.

    Example: autoscale study status learners.yml
    """
    found = experiments.study_status(file, store=store)
    if as_json:
        print_json(found.to_json())
        return
    print_line(found.in_short())
    _tell(found.failed)


@app.command()
def report(
    file: StudyFile,
    store: StoreUrl = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where it goes.  [default: NAME-report]")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Add up what is finished: tables with intervals and the number of seeds, pictures, and the figures of every run.

    Example: autoscale study report learners.yml
    """
    found = experiments.report_study(file, store=store, output=output)
    if as_json:
        print_json(found.to_json())
        return
    show_tables(found.tables())
    print_line(found.caption())
    print_paths(found.files)


@app.command()
def schema() -> None:
    """Print the JSON Schema of a study's file, for editors.

    Example: autoscale study schema > study.schema.json, then put
    `# yaml-language-server: $schema=study.schema.json` into your file's first line.
    """
    print_json(experiments.study_schema())


def _tell(failed: Mapping[str, str]) -> None:
    for title, error in failed.items():
        print_line(f"failed  {title}: {error}")


class Watch:
    """A study as a person watches it: how far it is, and the interim table; implements ``experiments.StudyListener``.

    Args:
        quiet: say nothing at all, for ``--json``.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = Live(console=err, refresh_per_second=2, transient=True) if err.is_terminal and not quiet else None
        self._table: RenderableType = ""
        self._made_s = float("-inf")

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def study(self, progress: Progress, figures: Mapping[tuple[str, str], list[float]], metric: str) -> None:
        """Show how far it is, and now and then the table anew."""
        if self._live is None:
            return
        if time.monotonic() - self._made_s > TABLE_S:  # its intervals take a while, in which nothing is handed out
            self._table = _interim(figures, metric)
            self._made_s = time.monotonic()
        hands = "\n".join(f"  {title}" for title in progress.hands)
        self._live.update(Group(self._table, Text(f"{progress.line()}; {progress.where}\n{hands}")))

    def note(self, text: str) -> None:
        """Print a remark."""
        if not self._quiet:
            note(text)


def _interim(figures: Mapping[tuple[str, str], list[float]], metric: str) -> RenderableType:
    rows = experiments.interim_rows(figures, metric)
    if not rows:
        return ""
    return fitting(err, f"{metric} so far, mean of the finished runs", list(rows[0]), [list(r.values()) for r in rows])
