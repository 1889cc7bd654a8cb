"""What may be done: candidate plans, and others near the best of them."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: int64[c, h]: the counts wanted at each of the next h steps.
Plans: TypeAlias = NDArray[np.int64]

#: Steps to wait before a change.
WAITS = (0, 2, 5)
#: Workers more or less than now.
REACHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


class Proposal(Protocol):
    """Proposes plans; the planner plays them. All plans are int64[h] of one horizon, within the bounds."""

    def first(self, requested: int, least: int, most: int, horizon: int) -> Plans:
        """Return the plans to begin with, int64[c, horizon]; the first is to leave everything as it is."""
        ...

    def near(self, plan: NDArray[np.int64], least: int, most: int) -> Plans:
        """Return plans near a good one, int64[c, horizon]; none where there are none."""
        ...


class HoldAfterWait:
    """Wait, then go to a count and hold it; near a plan: the same with a change of its later, or of its earlier part.

    A second change after the first makes two-stage plans of them, a third three-stage plans, and so on.
    """

    def first(self, requested: int, least: int, most: int, horizon: int) -> Plans:
        """Return waits times targets."""
        counts = np.array([requested, *(requested + sign * reach for reach in REACHES for sign in (1, -1))])
        targets = np.unique(np.clip(counts, least, most))
        targets = targets[targets != requested]
        waits = [wait for wait in WAITS if wait < horizon]
        plans = np.full((1 + len(waits) * len(targets), horizon), requested, dtype=np.int64)
        for place, wait in enumerate(waits):
            rows = slice(1 + place * len(targets), 1 + (place + 1) * len(targets))
            plans[rows, wait:] = targets[:, None]
        return plans

    def near(self, plan: NDArray[np.int64], least: int, most: int) -> Plans:
        """Return the plan with another count from a step on, or up to it."""
        horizon, found = len(plan), []
        reach = max(1, int(plan.max()) // 16)
        cuts = [cut for cut in (1, 2, 3, 5, 8, 12) if cut < horizon]
        for change in (reach, -reach, 3 * reach, -3 * reach):
            found.append(plan + change)
            for cut in cuts:
                late = np.arange(horizon) >= cut
                found += [plan + change * late, plan + change * ~late]
        near: Plans = np.unique(np.clip(np.array(found), least, most), axis=0)
        changed: Plans = near[(near != plan).any(axis=1)]
        return changed


def shifted(plan: NDArray[np.int64], horizon: int) -> NDArray[np.int64]:
    """Return the plan a step later, int64[horizon]; it ends as it ended."""
    later = plan[1:][:horizon]
    return np.pad(later, (0, horizon - len(later)), mode="edge") if len(later) else np.repeat(plan[-1:], horizon)
