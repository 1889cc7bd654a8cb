"""From a counter at even times to the tasks that came in between: resets, gaps and beginnings included."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def arrivals(counter: NDArray[np.float64], *, whole: bool) -> NDArray[np.int64]:
    """Return int64[t], the tasks of each step, from a counter at its edges.

    Where the counter is not known at an edge, tasks are spread evenly over the gap; steps before it was first known
    are left out. After a fall it began anew at 0.

    Args:
        counter: float64[t + 1], the value at each edge, NaN where nobody knows it.
        whole: it is one series, so that after a fall all of its value came since. A sum of several also falls when
            one of them goes away: then no step after a fall has more tasks than the highest of the others.
    """
    (known,) = np.nonzero(np.isfinite(counter))
    if len(known) < 2:
        return np.zeros(0, dtype=np.int64)
    values = counter[known]
    came = np.diff(values)
    fell = came < 0
    since = values[1:][fell]
    if not whole and (~fell).any():
        since = np.minimum(since, came[~fell].max())
    came[fell] = since
    total = np.concatenate([[0.0], np.cumsum(came)])
    edges = np.arange(known[0], known[-1] + 1)
    steps: NDArray[np.int64] = np.diff(np.rint(np.interp(edges, known, total))).astype(np.int64)
    return steps
