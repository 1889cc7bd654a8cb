"""Settings replaced by what was drawn for them, and whether every value that may be drawn is allowed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, product
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from autoscaling_env.config.randomize import Draw, UniformDraw
from autoscaling_env.errors import nearest

Model = TypeVar("Model", bound=BaseModel)
Number = float | int

#: What can be drawn of the farm: delays, which no decision sees, and where it begins. Bounds are the action space's.
OF_FARM = ("startup", "pickup", "service_overhead", "initial_workers")
#: What of a workload says which part of a recording is read: it is read once.
FIXED = ("workload.start_s", "workload.end_s")
#: Settings of one section that are drawn: all combinations of their ends are tried.
TOGETHER = 12
CAN_BE = f"can be: numbers and times of workload, farm.{', farm.'.join(OF_FARM)}"


def drawn(draw: Draw, declared: Any, share: float) -> Number:
    """Return what ``draw`` gives at ``share`` for a setting: its value, or the factor on a section's times."""
    if draw.relative and isinstance(declared, int | float):
        value = declared * draw.at(share)
        return round(value) if isinstance(declared, int) else value
    if isinstance(declared, int) and isinstance(draw, UniformDraw):
        return min(int(draw.low + (draw.high - draw.low + 1) * share), int(draw.high))
    return int(draw.at(share)) if isinstance(declared, int) else draw.at(share)


def with_value(section: Model, path: Sequence[str], value: Number) -> Model:
    """Return ``section`` with the setting at ``path`` replaced, unvalidated; of a section all times are stretched."""
    changed: Model = _changed(
        section, path, lambda node: _stretched(node, value) if isinstance(node, BaseModel) else value
    )
    return changed


def setting(section: BaseModel, path: Sequence[str]) -> Any:
    """Return what stands at ``path``. Raises ``LookupError`` where nothing does."""
    node: Any = section
    for part in path:
        if isinstance(node, tuple) and part.isdecimal() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, BaseModel) and part in type(node).model_fields:
            node = getattr(node, part)
        else:
            raise LookupError(part)
    return node


def problems(draws: Mapping[str, Draw], sections: Mapping[str, BaseModel]) -> list[str]:
    """Return what is wrong with the draws, one line each."""
    found = [line for key, draw in draws.items() for line in _wrong(key, draw, sections)]
    names = list(draws)
    found += [
        f"{longer}: {shorter} is drawn as a whole"
        for shorter, longer in product(names, names)
        if longer.startswith(f"{shorter}.")
    ]
    if found:
        return found
    groups = groupby(sorted(draws, key=_owner), key=_owner)
    return [line for owner, keys in groups for line in _corners(owner, list(keys), draws, sections)]


def _wrong(key: str, draw: Draw, sections: Mapping[str, BaseModel]) -> Iterator[str]:
    head, *path = key.split(".")
    try:
        declared = setting(sections[head], path) if head in sections else ...
    except LookupError:
        yield f"{key}: there is no such setting{nearest(key, _settings(sections))}; {CAN_BE}"
        return
    if declared is ... or not path or (head == "farm" and path[0] not in OF_FARM) or key in FIXED:
        yield f"{key}: cannot be drawn anew for an episode; {CAN_BE}"
    elif isinstance(declared, BaseModel):
        if not draw.relative:
            yield f"{key}: is a section, whose times can be stretched: say relative: true, or name one of its numbers"
        elif min(draw.ends) <= 0:
            yield f"{key}: times are stretched by factors above 0"
    elif declared is None:
        yield f"{key}: has no value; set it, and it can be drawn"
    elif isinstance(declared, bool) or not isinstance(declared, int | float):
        yield f"{key}: is no number; {CAN_BE}"
    elif isinstance(declared, int) and not draw.relative and any(value % 1 for value in draw.ends):
        yield f"{key}: is a whole number; so must be what is drawn for it"


def _owner(key: str) -> str:
    return key.rpartition(".")[0]


def _corners(
    owner: str, keys: Sequence[str], draws: Mapping[str, Draw], sections: Mapping[str, BaseModel]
) -> Iterator[str]:
    """Yield the first combination of ends that is not allowed: rules are monotone and stay within a section."""
    if len(keys) > TOGETHER:
        yield f"{owner}: {len(keys)} settings are drawn; at most {TOGETHER} of one section can be"
        return
    head = owner.partition(".")[0]
    declared = [setting(sections[head], key.split(".")[1:]) for key in keys]
    for values in product(*(_ends(draws[key], value) for key, value in zip(keys, declared, strict=True))):
        changed = sections[head]
        for key, value in zip(keys, values, strict=True):
            changed = with_value(changed, key.split(".")[1:], value)
        try:
            type(changed).model_validate(changed.model_dump())
        except ValidationError as error:
            said = error.errors()[0]
            where = ".".join((head, *(str(part) for part in said["loc"])))
            what = said["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            given = ", ".join(f"{key} {value:g}" for key, value in zip(keys, values, strict=True))
            yield f"{given} may be drawn: {where}: {what}"
            return


def _ends(draw: Draw, declared: Any) -> list[Number]:
    """Return the values that a setting may have at most and at least; of a choice all."""
    if isinstance(declared, BaseModel):
        return list(draw.ends)
    values = [declared * end if draw.relative else end for end in draw.ends]
    return [round(value) for value in values] if isinstance(declared, int) else values


def _changed(node: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(node)
    head, *rest = path
    if isinstance(node, tuple):
        at = int(head)
        return (*node[:at], _changed(node[at], rest, change), *node[at + 1 :])
    return node.model_copy(update={head: _changed(getattr(node, head), rest, change)})


def _stretched(node: BaseModel, factor: float) -> BaseModel:
    """Return a section with every time in it ``factor`` times as long."""
    update: dict[str, Any] = {}
    for name in type(node).model_fields:
        value = getattr(node, name)
        if isinstance(value, BaseModel):
            update[name] = _stretched(value, factor)
        elif name.endswith("_s") and isinstance(value, tuple):
            update[name] = tuple(one * factor for one in value)
        elif name.endswith("_s") and isinstance(value, float):
            update[name] = value * factor
    return node.model_copy(update=update)


def _settings(sections: Mapping[str, BaseModel]) -> list[str]:
    """Return the keys of all settings that can be drawn."""
    found = [key for head, section in sections.items() for key in _below(head, section)]
    return [key for key in found if not key.startswith("farm.") or key.split(".")[1] in OF_FARM]


def _below(prefix: str, node: Any) -> Iterator[str]:
    if isinstance(node, BaseModel):
        for name in type(node).model_fields:
            key, value = f"{prefix}.{name}", getattr(node, name)
            if isinstance(value, BaseModel):
                yield key
            yield from _below(key, value)
    elif isinstance(node, tuple):
        for index, each in enumerate(node):
            yield from _below(f"{prefix}.{index}", each)
    elif isinstance(node, int | float) and not isinstance(node, bool):
        yield prefix
