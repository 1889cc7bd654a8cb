"""``python -m benchmarks.studies overhead|efficiency|faults|scaling``; what they need is said by each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)

Folder = Annotated[Path | None, typer.Option("--folder", help="Where everything stays; else nowhere.")]
Places = Annotated[str, typer.Option("--on", help="local, ray, or both with a comma.")]


@app.command()
def overhead(
    cells: int = 10_000, slots: int = 1, ahead: int = 0, places: Places = "local,ray", folder: Folder = None
) -> None:
    """Run very many cells that do nothing: what one costs, and the memory of who hands them out."""
    from benchmarks.studies.overhead import overhead as measure

    with _folder(folder) as place_of_all:
        for place in places.split(","):
            found = measure(Path(place_of_all) / place, place, cells, slots, ahead if place == "ray" else 0)
            typer.echo(
                f"{place}: {found.cells} cells in {found.slots} slots: {found.per_s:.1f} cells/s, "
                f"{found.overhead_ms:.1f} ms a cell; processor time {found.processor_ms:.1f} ms a cell, "
                f"{found.driver_ms:.2f} ms of it the driver's; "
                f"driver {found.first_mb:.0f} MB in the second tenth, {found.last_mb:.0f} MB in the last"
            )


@app.command()
def efficiency(count: int = 4, cells: int = 24, episodes: int = 300, turns: int = 2, folder: Folder = None) -> None:
    """Run the same trainings in processes of this machine and on a Ray cluster of one-core nodes, in turns."""
    from benchmarks.studies.efficiency import efficiency as measure

    with _folder(folder) as place:
        for turn in range(turns):
            found = measure(Path(place) / f"{turn}", count, cells, episodes)
            share = 100 * found.ray_per_s / found.local_per_s
            same = "the same" if found.equal else "OTHERS"
            typer.echo(
                f"turn {turn + 1}: local {found.local_per_s:.3f} cells/s of {found.local_s:.1f} s, "
                f"ray {found.ray_per_s:.3f} cells/s of {found.ray_s:.1f} s: {share:.0f} %; "
                f"{found.records} records, {same}"
            )


@app.command()
def faults(seed: int = 0, count: int = 20, seeds: int = 8, episodes: int = 400, folder: Folder = None) -> None:
    """Break nodes, workers, the driver, the head and a disk while a study runs on Ray, with its results on S3.

    Needs root, for a small disk that runs full, and the packages moto[server] and s3fs.
    """
    from benchmarks.studies.campaign import campaign

    with _folder(folder) as place:
        found = campaign(Path(place), seed=seed, faults=count, seeds=seeds, episodes=episodes, tell=typer.echo)
        typer.echo(found.table())
        for breach in found.breaches:
            typer.echo(f"BROKEN: {breach}")
    raise typer.Exit(bool(found.breaches))


@app.command()
def scaling(cells: int = 100_000, driver_ms: float = 2.0, node_ms: float = 5.0) -> None:
    """Reckon what 1 to 10 000 nodes would give, from what overhead measured."""
    from benchmarks.studies.scaling import scaled

    for cell_s in (1.0, 5.0, 60.0):
        for nodes in (1, 4, 100, 1_000, 10_000):
            found = scaled(nodes, cells, cell_s, driver_ms / 1e3, node_ms / 1e3)
            typer.echo(
                f"{cells} cells of {cell_s:g} s on {nodes:>6} nodes: {found.seconds:>10,.0f} s, "
                f"speed-up {found.speedup:>7,.0f} ({100 * found.speedup / nodes:.0f} %), "
                f"driver {100 * found.busy:.0f} %"
            )


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield Path(tempfile.mkdtemp(prefix="run-", dir=folder))
        return
    with tempfile.TemporaryDirectory(prefix="studies-") as made:
        yield Path(made)


if __name__ == "__main__":
    app()
