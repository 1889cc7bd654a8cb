"""Instants in order, for the compiled farm: the nearest few sorted in an array, all others in a 4-ary heap.

With up to ``NEAR`` instants nothing but the array is used: the first is read without a search, and a new
one is inserted from the back, where later ones belong. What does not fit goes to the heap, at O(log n).
Every instant carries a tag; equal instants come in the order of their tags, with ``~tag`` in the place of
``tag`` (the farm marks tasks of leaving workers so). A new instant has the largest tag so far.

The caller holds ``head`` and ``tail``: ``near_s[head:tail]`` is sorted, ``near_s[tail]`` is infinite, and
no instant of the heap is before one of the array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from autoscaling_env.types import FloatArray

TagArray: TypeAlias = NDArray[np.int32]
F = TypeVar("F", bound=Callable[..., object])

#: Instants kept sorted, and the length of the array they wander through.
NEAR = 48
LENGTH = 4 * NEAR
#: Instants fetched from the heap at once when the array is empty.
FETCH = 24


def compiled(function: F) -> F:
    """Compile at the first call, keep the result on disk, let other threads run meanwhile."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def insert(near_s: FloatArray, near_tag: TagArray, head: int, tail: int, time_s: float, tag: int) -> int:
    """Put an instant among the near ones; return the new tail. ``tail`` must be below ``LENGTH``."""
    place = tail
    while place > head and near_s[place - 1] > time_s:
        near_s[place] = near_s[place - 1]
        near_tag[place] = near_tag[place - 1]
        place -= 1
    near_s[place] = time_s
    near_tag[place] = tag
    near_s[tail + 1] = np.inf
    return tail + 1


@compiled
def move_to_front(near_s: FloatArray, near_tag: TagArray, head: int, tail: int) -> tuple[int, int]:
    """Make room at the back; return the new head and tail."""
    for place in range(tail - head):
        near_s[place] = near_s[head + place]
        near_tag[place] = near_tag[head + place]
    near_s[tail - head] = np.inf
    return 0, tail - head


@compiled
def push(
    near_s: FloatArray,
    near_tag: TagArray,
    far_s: FloatArray,
    far_tag: TagArray,
    head: int,
    tail: int,
    far: int,
    time_s: float,
    tag: int,
) -> tuple[int, int, int]:
    """Add an instant wherever it belongs; return the new head, tail and size of the heap."""
    if tail >= LENGTH - 1:
        head, tail = move_to_front(near_s, near_tag, head, tail)
    if tail == head:
        if far > 0 and time_s >= far_s[0]:
            return head, tail, heap_push(far_s, far_tag, far, time_s, tag)
        return head, insert(near_s, near_tag, head, tail, time_s, tag), far
    if (far > 0 or tail - head >= NEAR) and time_s >= near_s[tail - 1]:
        return head, tail, heap_push(far_s, far_tag, far, time_s, tag)
    tail = insert(near_s, near_tag, head, tail, time_s, tag)
    if tail - head > NEAR:
        tail -= 1
        far = heap_push(far_s, far_tag, far, near_s[tail], near_tag[tail])
        near_s[tail] = np.inf
    return head, tail, far


@compiled
def fetch(
    near_s: FloatArray, near_tag: TagArray, far_s: FloatArray, far_tag: TagArray, far: int
) -> tuple[int, int, int]:
    """Fill the empty array from the heap; return the new head, tail and size of the heap."""
    count = min(far, FETCH)
    for place in range(count):
        near_s[place] = far_s[0]
        near_tag[place] = far_tag[0]
        far = heap_pop(far_s, far_tag, far)
    near_s[count] = np.inf
    return 0, count, far


@compiled
def plain(tag: int) -> int:
    """Return the tag without its mark."""
    return tag if tag >= 0 else ~tag


@compiled
def earlier(a_s: float, a_tag: int, b_s: float, b_tag: int) -> bool:
    """Whether instant a comes before instant b."""
    return a_s < b_s or (a_s == b_s and plain(a_tag) < plain(b_tag))


@compiled
def heap_push(far_s: FloatArray, far_tag: TagArray, size: int, time_s: float, tag: int) -> int:
    """Add an instant to the heap; return its new size."""
    lift(far_s, far_tag, size, time_s, tag)
    return size + 1


@compiled
def lift(far_s: FloatArray, far_tag: TagArray, place: int, time_s: float, tag: int) -> None:
    """Write an instant at ``place`` or above it, where the heap's order asks for."""
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
def heap_pop(far_s: FloatArray, far_tag: TagArray, size: int) -> int:
    """Take the first instant off the heap; return its new size."""
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
def drop_latest(near_s: FloatArray, far_s: FloatArray, far_tag: TagArray, tail: int, far: int) -> tuple[int, int]:
    """Forget the last instant of all; return the new tail and size of the heap."""
    if far == 0:
        near_s[tail - 1] = np.inf
        return tail - 1, far
    latest = 0
    for place in range(1, far):
        if far_s[place] > far_s[latest]:
            latest = place
    if latest != far - 1:
        lift(far_s, far_tag, latest, far_s[far - 1], far_tag[far - 1])
    return tail, far - 1


@compiled
def mark_first(
    near_s: FloatArray, near_tag: TagArray, far_s: FloatArray, far_tag: TagArray, head: int, tail: int, far: int
) -> None:
    """Replace the tag of the first instant that is not marked yet by ``~tag``."""
    for place in range(head, tail):
        if near_tag[place] >= 0:
            near_tag[place] = ~near_tag[place]
            return
    first = -1
    for place in range(far):
        if far_tag[place] >= 0 and (first < 0 or earlier(far_s[place], far_tag[place], far_s[first], far_tag[first])):
            first = place
    far_tag[first] = ~far_tag[first]
