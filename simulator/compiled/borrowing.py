"""Arrays without counting who holds them: the caller of compiled code holds them until it returns.

numba counts references of every array that a function hands to another, even written into its caller, by an atomic
instruction each. A step of one episode had more than a hundred of them: a sixth of its time.
"""

from __future__ import annotations

from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

#: Where numba's arrays say who counts their references; nobody does where there is nothing.
_COUNTER = 0


def _borrowed(_: Any, arrays: Any) -> Any:
    """Return the same arrays (a named tuple of arrays, or of such tuples), whose references nobody counts."""
    return arrays(arrays), _generate


def _generate(_: Any, builder: Any, signature: Any, args: Any) -> Any:
    return without_counter(builder, signature.return_type, args[0])


def without_counter(builder: Any, kind: Any, value: Any) -> Any:
    """Return the value with nobody to count the references of its arrays; numbers stay as they are."""
    if isinstance(kind, types.Array):
        nobody = ir.Constant(value.type.elements[_COUNTER], None)
        return builder.insert_value(value, nobody, _COUNTER)
    for place, part in enumerate(getattr(kind, "types", ())):
        inner = without_counter(builder, part, builder.extract_value(value, place))
        value = builder.insert_value(value, inner, place)
    return value


#: Callable from compiled functions; the first argument (numba's own) is left out.
borrowed = cast("Any", intrinsic(_borrowed))
