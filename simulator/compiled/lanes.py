"""Insertion into a sorted array without branches: eight places at once, in the processor's vector registers.

How far back a new instant belongs is random, so a loop that looks for its place is mispredicted nearly every time;
that cost a quarter of the kernel's time. Here every place decides for itself what it will hold. Written in LLVM's
own terms, because its vectoriser does not find this in a loop that reads what it is about to overwrite.
"""

from __future__ import annotations

from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Places handled at once, and in one vector register: wider ones would nearly always reach into a second cache line,
#: and then what one insertion writes is not handed over to the next.
LANES, PART = 8, 4


def _insert_lanes(
    _: Any, near_s: Any, near_tag: Any, place: Any, time_s: Any, tag: Any, here_s: Any, here_tag: Any
) -> Any:
    """Insert in ``near_s[place : place + LANES]``, sorted from late to early, and likewise in ``near_tag``.

    What is later than ``time_s`` moves one place down; the new instant goes where
    ``near_s[q + 1] <= time_s < near_s[q]``. The entry at ``place`` is lost; the caller knows it, ``here_s`` and
    ``here_tag``, and is told the one at ``place + LANES``. So nothing is read but what the insertion before wrote, from
    where it wrote and as wide: the processor hands that over, where it would wait for the memory for any other.
    Arrays of float64 and int64.
    """
    del place, time_s, tag
    pair: Any = types.Tuple([types.float64, types.int64])  # type: ignore[no-untyped-call]
    return pair(near_s, near_tag, types.uint64, types.float64, types.int64, here_s, here_tag), _generate


def _generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    arrays = [
        context.make_array(kind)(context, builder, arg) for kind, arg in zip(signature.args[:2], args[:2], strict=True)
    ]
    place, new, known = args[2], args[3:5], args[5:7]
    new = [_everywhere(builder, each) for each in new]
    stores = []
    for half in range(0, LANES, PART):
        at = builder.add(place, ir.Constant(place.type, half))
        above = builder.add(place, ir.Constant(place.type, half + 1))
        later = [builder.load(_pointer(builder, array.data, above), align=8) for array in arrays]
        here = [_shifted(builder, *pair) for pair in zip(later, known, strict=True)]
        moves, fits = (builder.fcmp_ordered("<", new[0], other) for other in (later[0], here[0]))
        for array, values in zip(arrays, zip(here, new, later, strict=True), strict=True):
            old, inserted, moved = values
            value = builder.select(moves, moved, builder.select(fits, inserted, old))
            stores.append((value, _pointer(builder, array.data, at)))
        known = [builder.extract_element(each, ir.Constant(ir.IntType(32), PART - 1)) for each in later]
    for value, pointer in stores:
        builder.store(value, pointer, align=8)
    return context.make_tuple(builder, signature.return_type, known)


#: Callable from compiled functions; the first argument (numba's own) is left out.
insert_lanes = cast("Any", intrinsic(_insert_lanes))


def _pointer(builder: Any, data: Any, index: Any) -> Any:
    """Return a pointer to PART entries from ``index`` on."""
    return builder.bitcast(builder.gep(data, [index]), ir.VectorType(data.type.pointee, PART).as_pointer())


def _shifted(builder: Any, later: Any, first: Any) -> Any:
    """Return ``first`` and all of ``later`` but its last."""
    nothing = ir.Constant(later.type, ir.Undefined)
    front = builder.insert_element(nothing, first, ir.Constant(ir.IntType(32), 0))
    order = [PART, *range(PART - 1)]
    return builder.shuffle_vector(later, front, ir.Constant(ir.VectorType(ir.IntType(32), PART), order))


def _everywhere(builder: Any, value: Any) -> Any:
    kind, lane = ir.VectorType(value.type, PART), ir.IntType(32)
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(lane, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(lane, PART), [0] * PART))
