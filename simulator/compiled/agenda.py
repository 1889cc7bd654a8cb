"""Instants in order, for the compiled farm: the nearest few sorted in an array, all others in a 4-ary heap.

With up to ``NEAR`` instants nothing but the array is used: the first is read without a search, and a new
one is inserted eight places at a time (``simulator.compiled.lanes``). What does not fit goes to the heap, at O(log n).
Every instant carries a tag; equal instants come in the order of their tags, with ``~tag`` in the place of
``tag`` (the farm marks tasks of leaving workers so). A new instant has the largest tag so far.

The caller holds ``low`` and ``high``: ``near_s[low:high]`` is sorted from late to early, so the first is
``near_s[high - 1]``; the array grows downwards. ``near_s[low - 1]`` is infinite; above ``high`` stand instants that
are over, and at the top ones before all time. No instant of the heap is before one of the array.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray
from simulator.compiled.compiling import compiled, inlined
from simulator.compiled.lanes import LANES, insert_lanes

TagArray: TypeAlias = NDArray[np.int32]

#: Instants kept sorted, and the length of the array they wander through.
NEAR = 128
LENGTH = 320
ROOM, TOP, STRIDE = np.uint64(NEAR), np.uint64(LENGTH), np.uint64(LANES)
#: Instants fetched from the heap at once when the array is empty.
FETCH = 64

#: Compiled, positions are uint64: unsigned, so that numba does not test them for being negative. That alone is a
#: sixth of the time. (To a type checker they are anything: it does not know numba's arithmetic.)
Index: TypeAlias = Any
ZERO, ONE = np.uint64(0), np.uint64(1)
#: A heap: its instants and their tags, float64[c] and int32[c].
Heap: TypeAlias = Any
#: The heaps of many farms, by row and kind. Views of single heaps are made where needed: they are not free.
Heaps: TypeAlias = Any


@inlined
def insert(near_s: FloatArray, near_tag: TagArray, low: Index, time_s: Any, tag: Index) -> Index:
    """Put an instant among the near ones; return the new ``low``, which must have been above 1."""
    low -= ONE
    near_s[low - ONE] = np.inf
    place, here_s, here_tag = low, np.inf, np.int64(0)  # what stood at ``low - 1``
    while True:
        further = time_s < near_s[place + STRIDE]
        here_s, here_tag = insert_lanes(near_s, near_tag, place, time_s, tag, here_s, here_tag)
        if not further:
            return low
        place += STRIDE


@compiled
def push(
    near_s: FloatArray,
    near_tag: TagArray,
    heaps: Heaps,
    row: Index,
    kind: int,
    low: Index,
    high: Index,
    size: int,
    time_s: Any,
    tag: Index,
) -> tuple[Index, Index, int]:
    """Add an instant wherever it belongs; return the new low, high and size of the heap."""
    far = heaps[0][row, kind], heaps[1][row, kind]
    if low <= ONE:
        low, high = move_up(near_s, near_tag, low, high)
    last_s = near_s[low] if high > low else -np.inf
    if size > 0 and high == low:
        last_s = far[0][0]
    if time_s >= last_s and (size > 0 or high - low >= ROOM):
        return low, high, heap_push(far, size, time_s, tag)
    low = insert(near_s, near_tag, low, time_s, tag)
    if high - low > ROOM:
        size = heap_push(far, size, near_s[low], near_tag[low])
        near_s[low] = np.inf
        low += ONE
    return low, high, size


@compiled
def move_up(near_s: FloatArray, near_tag: TagArray, low: Index, high: Index) -> tuple[Index, Index]:
    """Make room below; return the new low and high."""
    shift = TOP - high
    for place in range(high - low):
        near_s[TOP - ONE - place] = near_s[high - ONE - place]
        near_tag[TOP - ONE - place] = near_tag[high - ONE - place]
    near_s[low + shift - ONE] = np.inf
    return low + shift, TOP


@compiled
def fetch(near_s: FloatArray, near_tag: TagArray, far: Heap, size: int) -> tuple[Index, Index, int]:
    """Fill the empty array from the heap; return the new low, high and size of the heap."""
    low = TOP
    for _ in range(min(size, FETCH)):
        low -= ONE
        near_s[low] = far[0][0]
        near_tag[low] = far[1][0]
        size = heap_pop(far, size)
    near_s[low - ONE] = np.inf
    return low, TOP, size


@compiled
def plain(tag: Index) -> Index:
    """Return the tag without its mark."""
    return tag if tag >= 0 else ~tag


@compiled
def earlier(a_s: float, a_tag: Index, b_s: float, b_tag: Index) -> bool:
    """Whether instant a comes before instant b."""
    return a_s < b_s or (a_s == b_s and plain(a_tag) < plain(b_tag))


@compiled
def heap_push(far: Heap, size: int, time_s: Any, tag: Index) -> int:
    """Add an instant to the heap; return its new size."""
    lift(far, size, time_s, tag)
    return size + 1


@compiled
def lift(far: Heap, place: Index, time_s: Any, tag: Index) -> None:
    """Write an instant at ``place`` or above it, where the heap's order asks for."""
    far_s, far_tag = far
    while place > 0:
        parent = (place - 1) >> 2
        if not earlier(time_s, tag, far_s[parent], far_tag[parent]):
            break
        far_s[place] = far_s[parent]
        far_tag[place] = far_tag[parent]
        place = parent
    far_s[place] = time_s
    far_tag[place] = tag


@compiled
def heap_pop(far: Heap, size: int) -> int:
    """Take the first instant off the heap; return its new size."""
    far_s, far_tag = far
    size -= 1
    time_s, tag, place = far_s[size], far_tag[size], 0
    while 4 * place + 1 < size:
        first = 4 * place + 1
        child = first
        for other in range(first + 1, min(first + 4, size)):
            if earlier(far_s[other], far_tag[other], far_s[child], far_tag[child]):
                child = other
        if not earlier(far_s[child], far_tag[child], time_s, tag):
            break
        far_s[place] = far_s[child]
        far_tag[place] = far_tag[child]
        place = child
    far_s[place] = time_s
    far_tag[place] = tag
    return size


@compiled
def drop_latest(near_s: FloatArray, far: Heap, low: Index, size: int) -> tuple[Index, int]:
    """Forget the last instant of all; return the new ``low`` and size of the heap."""
    if size == 0:
        near_s[low] = np.inf
        return low + ONE, size
    far_s, far_tag = far
    latest = np.argmax(far_s[:size])
    if latest != size - 1:
        lift(far, latest, far_s[size - 1], far_tag[size - 1])
    return low, size - 1


@compiled
def mark_first(near_tag: TagArray, far: Heap, low: Index, high: Index, size: int) -> None:
    """Replace the tag of the first instant that is not marked yet by ``~tag``."""
    far_s, far_tag = far
    for back in range(high - low):
        near = high - ONE - back
        if near_tag[near] >= 0:
            near_tag[near] = ~near_tag[near]
            return
    first = -1
    for place in range(size):
        if far_tag[place] >= 0 and (first < 0 or earlier(far_s[place], far_tag[place], far_s[first], far_tag[first])):
            first = place
    far_tag[first] = ~far_tag[first]
