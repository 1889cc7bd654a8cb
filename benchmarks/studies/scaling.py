"""What more machines would give, by simulation with what was measured: one process hands out, many carry out."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

#: Spread of what cells of one kind cost (standard deviation of the logarithm).
SPREAD = 0.3


@dataclass(frozen=True, slots=True)
class Scaled:
    """A study on many nodes.

    Attributes:
        nodes: of one core each.
        seconds: from the first cell to the last.
        speedup: over one node without any overhead.
        busy: share of the time in which the process that hands out works.
    """

    nodes: int
    seconds: float
    speedup: float
    busy: float


def scaled(nodes: int, cells: int, cell_s: float, driver_s: float, node_s: float, seed: int = 0) -> Scaled:
    """Return how long a study would take.

    A discrete-event simulation: one process hands out cells and takes in their outcomes, ``driver_s`` of it for each
    cell; a node has the next cell at hand (``Scheduler.depth`` is 2), and loses ``node_s`` between two.

    Args:
        nodes: of one core each.
        cells: of the study, none of which needs another.
        cell_s: core-seconds of a cell in the mean; they are lognormal.
        driver_s: seconds of the handing-out process for each cell.
        node_s: seconds of a node for each cell beside the cell's own work.
        seed: draws what each cell costs.
    """
    rng = np.random.default_rng(seed)
    costs = cell_s * np.exp(rng.normal(-(SPREAD**2) / 2, SPREAD, cells)) + node_s
    free = [0.0] * min(2 * nodes, cells)  # a place for each cell that may be under way: two of a node
    node_free = [0.0] * nodes
    driver_free, end = 0.0, 0.0
    for cost in costs:
        asked = heapq.heappop(free)
        driver_free = max(driver_free, asked) + driver_s
        began = max(heapq.heappop(node_free), driver_free)
        finished = began + float(cost)
        heapq.heappush(node_free, finished)
        heapq.heappush(free, finished)
        end = max(end, finished)
    return Scaled(nodes, end, float(costs.sum() - node_s * cells) / end, min(1.0, cells * driver_s / end))
