"""The kernel's agenda gives instants back in the order of time, and equal ones in the order of their tags."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.compiled import kernel
from simulator.compiled.agenda import TOP, fetch, push
from simulator.compiled.kernel import FINISHES

#: Whole numbers, so that many are equal; None takes the first.
moves = st.lists(st.one_of(st.none(), st.integers(0, 12), st.integers(0, 12)), max_size=400)


@settings(max_examples=150, deadline=None)
@given(moves, st.integers(0, 90))
def test_first_out_is_the_earliest(steps: list[int | None], crowd: int) -> None:
    farms = kernel.allocate(1, 0, 1000, 1, record=False)
    kernel.compiled(kernel.restart.py_func)(farms, 0, 0, 0)  # type: ignore[attr-defined]
    farm, row = farms.state[0], np.uint64(0)
    low, high, far, now_s = TOP, TOP, 0, 0.0
    kept: list[tuple[float, int]] = []
    for tag, step in enumerate([7] * crowd + steps):
        if step is not None:
            instant = now_s + step
            kept.append((instant, tag))
            heaps = farms.far_s, farms.far_tag
            low, high, far = push(
                farm["busy_s"], farm["busy_task"], heaps, row, FINISHES, low, high, far, instant, np.int64(tag)
            )
            low, high = np.uint64(low), np.uint64(high)
        elif kept:
            kept.sort()
            high -= np.uint64(1)
            assert (float(farm["busy_s"][high]), int(farm["busy_task"][high])) == kept.pop(0)
            now_s = float(farm["busy_s"][high])
            if low == high and far:
                heap = farms.far_s[0, FINISHES], farms.far_tag[0, FINISHES]
                low, high, far = fetch(farm["busy_s"], farm["busy_task"], heap, far)
                low, high = np.uint64(low), np.uint64(high)
        assert int(high - low) + far == len(kept)
        assert farm["busy_s"][high - np.uint64(1)] == (min(kept)[0] if kept else np.inf)
