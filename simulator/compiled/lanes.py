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

#: Places handled at once: 8 instants are one or two vector registers everywhere.
LANES = 8


def _insert_lanes(_: Any, near_s: Any, near_tag: Any, place: Any, time_s: Any, tag: Any) -> Any:
    """Insert in ``near_s[place : place + LANES]``, sorted from late to early, and likewise in ``near_tag``.

    What is later than ``time_s`` moves one place down; the new instant goes where
    ``near_s[q + 1] <= time_s < near_s[q]``. The entry at ``place`` is lost, that at ``place + LANES`` is read.
    Arrays of float64 and int64.
    """
    del place, time_s, tag
    signature = types.void(near_s, near_tag, types.uint64, types.float64, types.int64)
    return signature, _generate


def _generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    arrays = [
        context.make_array(kind)(context, builder, arg) for kind, arg in zip(signature.args[:2], args[:2], strict=True)
    ]
    place, time, tag = args[2:]
    above = builder.add(place, ir.Constant(place.type, 1))
    (here_s, at_s), (later_s, _) = (_load(builder, arrays[0].data, index) for index in (place, above))
    (here_tag, at_tag), (later_tag, _) = (_load(builder, arrays[1].data, index) for index in (place, above))
    time, tag = _everywhere(builder, time), _everywhere(builder, tag)
    moves, fits = (builder.fcmp_ordered("<", time, other) for other in (later_s, here_s))
    for old, new, later, at in ((here_s, time, later_s, at_s), (here_tag, tag, later_tag, at_tag)):
        builder.store(builder.select(moves, later, builder.select(fits, new, old)), at, align=8)
    return context.get_dummy_value()


#: Callable from compiled functions; the first argument (numba's own) is left out.
insert_lanes = cast("Any", intrinsic(_insert_lanes))


def _load(builder: Any, data: Any, index: Any) -> tuple[Any, Any]:
    """Return LANES entries from ``index`` on, and a pointer to them."""
    pointer = builder.gep(data, [index])
    pointer = builder.bitcast(pointer, ir.VectorType(data.type.pointee, LANES).as_pointer())
    return builder.load(pointer, align=8), pointer


def _everywhere(builder: Any, value: Any) -> Any:
    kind, lane = ir.VectorType(value.type, LANES), ir.IntType(32)
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(lane, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(lane, LANES), [0] * LANES))
