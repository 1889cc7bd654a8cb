"""Functions copied for another target, with all they call, and with other functions in the place of some.

The functions of ``simulator.compiled`` are Python first and numba's dispatchers only second, so their source can be
taken once more. A copy is the same code with globals of its own.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeAlias

from simulator.compiled.compiling import source_of

#: Packages whose functions are copied along.
OURS = ("simulator.", "autoscaling_env.")
#: A Python function, or a module's name -> what stands in its place.
Swaps: TypeAlias = Mapping[Any, Any]


class Copies:
    """Copies of functions for a target, each made once.

    Args:
        finish: makes a callable of the target from a plain function.
        swaps: what stands in the place of other functions and modules.
    """

    def __init__(self, finish: Callable[[Any], Any], swaps: Swaps) -> None:
        self._finish, self._swaps = finish, swaps
        self._made: dict[Any, Any] = {}

    def of(self, function: Any) -> Any:
        """Return the function, and all it calls, for the target."""
        plain = source_of(function)
        if plain not in self._made:
            self._made[plain] = self._finish(self.plain(plain))
        return self._made[plain]

    def plain(self, plain: Any) -> Any:
        """Return a copy of the function that calls copies, itself not finished."""
        known = plain.__globals__
        seen = {name: self._counterpart(known[name]) for name in set(_globals(plain.__code__)) if name in known}
        seen |= {name: known[name] for name in ("__builtins__", "__name__")}
        copied = FunctionType(plain.__code__, seen, plain.__name__, plain.__defaults__, plain.__closure__)
        copied.__module__, copied.__qualname__ = plain.__module__, plain.__qualname__
        return copied

    def _counterpart(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            return self._module(self._swaps[value.__name__]) if value.__name__ in self._swaps else value
        plain = source_of(value)
        if not isinstance(plain, FunctionType):
            return value
        other = self._swaps.get(plain, plain)
        return self.of(other) if getattr(other, "__module__", "").startswith(OURS) else other

    def _module(self, module: ModuleType) -> ModuleType:
        """Return a module like this one, whose own functions are the target's."""
        made = ModuleType(module.__name__)
        for name, value in vars(module).items():
            if isinstance(value, FunctionType) and value.__module__ == module.__name__:
                setattr(made, name, self.of(value))
        return made


def _globals(code: CodeType) -> Iterator[str]:
    """Yield the names that code looks for in its module; attributes may be called the same."""
    yield from (each.argval for each in dis.get_instructions(code) if each.opname in {"LOAD_GLOBAL", "LOAD_NAME"})
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)
