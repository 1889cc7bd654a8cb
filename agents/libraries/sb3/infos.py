"""One environment's ``info`` out of a vector environment's ``infos``, looked up when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np


class RowInfo(MutableMapping[str, Any]):
    """What the single environment's ``info`` would say of row ``row``.

    stable-baselines3 wants a dictionary for every environment and step, and asks most of them two questions. Making all
    of them whole would take longer than the step itself.

    Args:
        infos: of a Gymnasium vector environment: an array for each key, and a mask ``_key`` of the rows it holds for.
        row: of the environment.
        own: what is said beside them.
    """

    __slots__ = ("_infos", "_own", "_row")

    def __init__(self, infos: Mapping[str, Any], row: int, own: dict[str, Any]) -> None:
        self._infos, self._row, self._own = infos, row, own

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or ``default``: what is asked at every step is mostly not there, and costs no exception."""
        return self[key] if key in self._own or self._held(key) else default

    def __getitem__(self, key: str) -> Any:
        if key in self._own:
            return self._own[key]
        if not self._held(key):
            raise KeyError(key)
        return _value(self._infos[key], self._row)

    def __setitem__(self, key: str, value: Any) -> None:
        self._own[key] = value

    def __delitem__(self, key: str) -> None:
        self._own = self.copy()
        self._infos = {}
        del self._own[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._own
        yield from (key for key in self._infos if key not in self._own and self._held(key))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(self.copy())

    def copy(self) -> dict[str, Any]:
        """Return all of it as a dictionary of its own."""
        return dict(self)

    def _held(self, key: str) -> bool:
        return key in self._infos and not key.startswith("_") and _holds(self._infos, key, self._row)


def _holds(infos: Mapping[str, Any], key: str, row: int) -> bool:
    mask = infos.get(f"_{key}")
    return mask is None or bool(mask[row])


def _value(values: Any, row: int) -> Any:
    if isinstance(values, Mapping):
        return {
            key: _value(each, row)
            for key, each in values.items()
            if not key.startswith("_") and _holds(values, key, row)
        }
    value = values[row]
    return value.item() if isinstance(value, np.generic) else value
