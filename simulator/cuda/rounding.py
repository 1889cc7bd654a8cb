"""Sums as IEEE 754 has them, on a GPU: its compiler melts products and sums (fma) unless they are called by name.

Imported for a GPU only; its simulator has no such function, and no such compiler.
"""

from __future__ import annotations

from typing import Any

from numba.cuda import libdevice as _libdevice

#: To a type checker it is untyped, and some of its names are not there.
libdevice: Any = _libdevice


def plus(one: Any, other: Any) -> Any:
    """Return the sum, rounded once from two rounded numbers."""
    return libdevice.dadd_rn(one, other)
