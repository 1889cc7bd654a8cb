"""Arguments that stay the same from call to call, handed over once: numba looks at every array in every call.

A step has thirty arrays, and to tell their types and to unpack them takes longer than to play it. Here they are written
to memory once, as compiled code has them, and read from there.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numba import typeof, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from simulator.compiled.borrowing import without_counter
from simulator.compiled.compiling import compiled

#: More than any of our arguments take.
ROOM_BYTES = 1 << 14


class Kept:
    """A tuple of arrays and numbers, and the memory where compiled code finds it; good for as long as this is held.

    Args:
        value: a tuple of arrays, numbers and such tuples; what the arrays hold may change.
        kind: its type in compiled code, as those who take it say it is.
    """

    def __init__(self, value: Any, kind: Any) -> None:
        if (found := type_of(value)) != kind:
            raise TypeError(f"compiled code cannot take {found} for {kind}")
        self.value = value
        self.memory: NDArray[np.uint8] = np.zeros(ROOM_BYTES, dtype=np.uint8)
        if keep(value, self.memory) > ROOM_BYTES:  # pragma: no cover - a matter of our own types
            raise MemoryError("there is no room for the arguments")


#: The type of a value in compiled code.
type_of = cast("Any", typeof)


def _put(_: Any, value: Any, memory: Any) -> Any:
    """Write a value to the start of memory; return how many bytes it takes."""
    return types.int64(value, memory), _generate_put


def _generate_put(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    value, memory = args
    builder.store(value, _pointer(context, builder, signature.args[1], memory, value.type))
    return context.get_constant(types.int64, context.get_abi_sizeof(value.type))


def _taken(_: Any, memory: Any, kind: Any) -> Any:
    """Return what was put there, which must be of this type; its arrays are borrowed (see ``borrowing``)."""
    return kind.instance_type(memory, kind), _generate_taken


def _generate_taken(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind = context.get_value_type(signature.return_type)
    value = builder.load(_pointer(context, builder, signature.args[0], args[0], kind))
    return without_counter(builder, signature.return_type, value)  # known to be nobody only if said here


def _pointer(context: Any, builder: Any, kind: Any, memory: Any, target: Any) -> Any:
    return builder.bitcast(context.make_array(kind)(context, builder, memory).data, target.as_pointer())


#: Callable from compiled functions; the first argument (numba's own) is left out.
put = cast("Any", intrinsic(_put))
taken = cast("Any", intrinsic(_taken))


@compiled
def keep(value: Any, memory: NDArray[np.uint8]) -> Any:
    """Write the value; return how many bytes it takes."""
    return put(value, memory)
