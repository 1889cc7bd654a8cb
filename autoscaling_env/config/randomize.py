"""Settings drawn anew for every episode (domain randomisation): which ones, by dotted key, and from what."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from autoscaling_env.config.base import Section

#: No setting reaches further.
Value = Annotated[float, Field(ge=-1e9, le=1e9)]
Values: TypeAlias = tuple[float, ...]


class _Drawn(Section):
    """What every draw has."""

    relative: bool = False
    """What is drawn is a factor on what the configuration says, not the value itself."""


class _Between(_Drawn):
    kind: str
    low: Value
    high: Value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} must not exceed high {self.high:g}")
        return self

    @property
    def ends(self) -> Values:
        """The values that all others lie between."""
        return self.low, self.high


class UniformDraw(_Between):
    """Evenly between two values; of a whole-numbered setting each whole number equally likely."""

    kind: Literal["uniform"] = "uniform"

    def at(self, share: float) -> float:
        """Return the value below which ``share`` of the values lie, 0 <= share < 1."""
        return self.low + (self.high - self.low) * share


class LogUniformDraw(_Between):
    """Evenly on a logarithmic scale: twice as much is as likely as half as much."""

    kind: Literal["log_uniform"] = "log_uniform"
    low: Annotated[Value, Field(gt=0)]
    high: Annotated[Value, Field(gt=0)]

    def at(self, share: float) -> float:
        """Return the value below which ``share`` of the values lie, 0 <= share < 1."""
        return min(self.low * math.pow(self.high / self.low, share), self.high)


class ChoiceDraw(_Drawn):
    """One of some values, each equally likely."""

    kind: Literal["choice"] = "choice"
    values: Annotated[tuple[Value, ...], Field(min_length=1, max_length=1000, strict=False)]  # lists, too

    @property
    def ends(self) -> Values:
        """All of them: what lies between is not drawn."""
        return self.values

    def at(self, share: float) -> float:
        """Return the value at ``share`` of the list, 0 <= share < 1."""
        return self.values[int(share * len(self.values))]


#: From what a setting is drawn, by ``kind``.
Draw: TypeAlias = Annotated[UniformDraw | LogUniformDraw | ChoiceDraw, Field(discriminator="kind")]


class Randomize(BaseModel):
    """Dotted key of a setting -> from what it is drawn for each episode."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)
    __pydantic_extra__: dict[str, Draw]

    @model_validator(mode="before")
    @classmethod
    def _by_dotted_key(cls, given: Any) -> Any:
        return by_dotted_key(given)

    @property
    def draws(self) -> dict[str, Draw]:
        """Dotted key -> draw, in the order of the keys."""
        return dict(sorted(self.__pydantic_extra__.items()))


def by_dotted_key(given: Any) -> Any:
    """Return what was given with sections within sections, as ``--set randomize.farm.startup=...`` makes them, as keys.

    Raises:
        ValueError: a key is there in both ways.
    """
    return {} if given is None else _flat(given, "") if isinstance(given, Mapping) else given


def _flat(given: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in given.items():
        path = f"{prefix}{key}"
        deeper = isinstance(value, Mapping) and "kind" not in value and bool(value)
        for name, draw in (_flat(value, f"{path}.") if deeper else {path: value}).items():
            if name in flat:
                raise ValueError(f"{name} is said twice, once as sections and once as a key with dots")
            flat[name] = draw
    return flat
