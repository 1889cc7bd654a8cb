"""A Ray cluster against as many processes of one machine: the same cells, the same bytes, how much slower."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.studies.cluster import nodes
from benchmarks.studies.made import long, opened, record_hashes
from benchmarks.studies.measuring import measured
from experiments.schedulers import scheduler_on


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What was measured in one turn.

    Attributes:
        local_s, ray_s: core-seconds of a cell, in the mean.
        local_per_s, ray_per_s: cells a second, from the first to the last that was finished.
        equal: whether all records are the same by their hashes.
        records: how many there are.
    """

    local_s: float
    ray_s: float
    local_per_s: float
    ray_per_s: float
    equal: bool
    records: int


def efficiency(folder: Path, count: int, cells: int, episodes: int) -> Efficiency:
    """Run the same cells in ``count`` processes, then on as many nodes of one core."""
    said = long(cells, episodes)
    local, there = opened(folder / "local", said), opened(folder / "ray", said)
    course, worked_s = measured(local, scheduler_on("local", jobs=count))
    with nodes(count) as cluster:
        on_ray, ray_worked_s = measured(there, scheduler_on("ray", address=cluster.address))
    one, two = record_hashes(local), record_hashes(there)
    total = len(local.once)
    return Efficiency(
        worked_s / total, ray_worked_s / total, course.per_s(), on_ray.per_s(), one == two, sum(map(len, one.values()))
    )
