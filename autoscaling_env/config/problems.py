"""Validation errors as one line each: where it stands, the value, what is allowed, the nearest right name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from autoscaling_env.config.root import Config
from autoscaling_env.config.yaml import Path
from autoscaling_env.errors import nearest

#: Pydantic's error type -> what is allowed, where its own words do not say it for our readers.
ALLOWED = {
    "missing": "is missing",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
    "none_required": "nothing (null)",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One layer of configuration: its name, its data, and the line of each key."""

    name: str
    data: Any
    lines: Mapping[Path, int]


#: Problems shown before the rest is only counted.
SHOWN = 50


def explain(error: ValidationError, data: Any, sources: Sequence[Source], model: type[BaseModel] = Config) -> list[str]:
    """Return one line per problem of a ``model``, in the order of the configuration; of very many the first ones."""
    details = [detail for detail in error.errors() if not _follows(detail)]
    lines = dict.fromkeys(_line(detail, data, sources, model) for detail in details[:SHOWN])
    left = len(details) - SHOWN
    return [*lines, f"{sources[-1].name}: {left} more problems like these"] if left > 0 else list(lines)


def _follows(detail: ErrorDetails) -> bool:
    """Whether a problem is only the echo of others: a list that is too short because its items are wrong."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _line(detail: ErrorDetails, data: Any, sources: Sequence[Source], model: type[BaseModel]) -> str:
    path, value, found = _resolve(detail["loc"], data)
    place = f"{_place(path, sources)}: {'.'.join(map(str, path)) or 'configuration'}"
    kind = detail["type"]
    if kind == "extra_forbidden":
        names = _siblings(detail["loc"], model)
        return f"{place}: unknown key{nearest(str(path[-1]), names)}; allowed: {', '.join(names)}"
    if kind == "missing":
        return f"{place}: is missing"
    # A rule over several values names them itself; the whole mapping would only hide it.
    shown = f"{_shown(value)}: " if found and not (kind == "value_error" and isinstance(value, Mapping)) else ""
    if kind == "union_tag_not_found":
        return f"{place}: {shown}{_which(detail, value, model)}"
    return f"{place}: {shown}{_expectation(detail)}"


def _which(detail: ErrorDetails, value: Any, model: type[BaseModel]) -> str:
    """Say which kinds there are of what does not tell its own, and the key that may have been meant to."""
    key = str(detail["ctx"]["discriminator"]).strip("'")
    allowed = (_node(detail["loc"], model) or {}).get("discriminator", {}).get("mapping", {})
    near = get_close_matches(key, [str(name) for name in value] if isinstance(value, Mapping) else [], n=1)
    meant = f" (written {near[0]!r}?)" if near else ""
    return f"{key} is missing{meant}; must be one of {', '.join(allowed)}"


def _expectation(detail: ErrorDetails) -> str:
    kind, message = detail["type"], detail["msg"]
    if kind in ALLOWED:
        return f"must be {ALLOWED[kind]}"
    if kind in {"too_short", "too_long"}:
        context = detail["ctx"]
        limit = context.get("min_length", context.get("max_length"))
        return f"must have at {'least' if kind == 'too_short' else 'most'} {limit} item{'s' * (limit != 1)}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind == "union_tag_invalid":
        context = detail["ctx"]
        tags = [tag.strip(" '") for tag in str(context.get("expected_tags", "")).split(",")]
        key = str(context.get("discriminator", "kind")).strip("'")
        wrong = str(context.get("tag", ""))
        return f"{key} must be one of {', '.join(tags)}{nearest(wrong, tags)}"
    if kind == "literal_error":
        allowed = [part.strip(" '") for part in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")]
        return f"must be {' or '.join(allowed)}{nearest(str(detail['input']), allowed)}"
    return message.replace("Input should be", "must be").replace("Input", "value")


def _resolve(location: tuple[int | str, ...], data: Any) -> tuple[Path, Any, bool]:
    """Follow a pydantic location through the data; the tags of unions in it name no key and are left out."""
    path: list[str | int] = []
    tag_expected = False
    for part in location:
        if tag_expected and part in _tags(data):
            tag_expected = False
            continue
        if not _has(data, part):
            return (*path, part), None, False
        data = data[part]
        path.append(part)
        tag_expected = bool(_tags(data))
    return tuple(path), data, True


def _tags(data: Any) -> tuple[Any, ...]:
    """Return what a union's branch may be called by: it stands in a location between a mapping and its key."""
    return tuple(data[key] for key in ("kind", "pattern") if key in data) if isinstance(data, Mapping) else ()


def _has(data: Any, part: int | str) -> bool:
    if isinstance(data, Mapping):
        return part in data
    return isinstance(data, list) and isinstance(part, int) and part < len(data)


def _place(path: Path, sources: Sequence[Source]) -> str:
    """Name the source, and line, that last said something about the path or its nearest parent."""
    for depth in range(len(path), -1, -1):
        for source in reversed(sources):
            if depth and not _says(source.data, path[:depth]):
                continue
            line = source.lines.get(path[:depth])
            return f"{source.name}:{line}" if line else source.name
    return sources[-1].name


def _says(data: Any, path: Path) -> bool:
    for part in path:
        key = str(part) if isinstance(data, Mapping) else part  # an index after --set is a key
        if not _has(data, key):
            return False
        data = data[key]
    return True


def _siblings(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """Names allowed beside the last part of a location, read off the model's JSON Schema."""
    return sorted((_node(location[:-1], model) or {}).get("properties", {}))


def _node(location: tuple[int | str, ...], model: type[BaseModel]) -> dict[str, Any] | None:
    """Return what the model's JSON Schema says of a location."""
    node: dict[str, Any] | None = _schema(model)
    definitions = _schema(model).get("$defs", {})
    for part in map(str, location):
        node = _step(node, part, definitions) if node else None
    return node


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _step(node: dict[str, Any], part: str, definitions: dict[str, Any]) -> dict[str, Any] | None:
    """Go one part down the JSON Schema: a property, an item, or the branch of a tagged union."""
    node = _followed(node, definitions)
    mapping = node.get("discriminator", {}).get("mapping", {})
    if part in mapping:
        return _followed({"$ref": mapping[part]}, definitions)
    if part in node.get("properties", {}):
        return _followed(node["properties"][part], definitions)
    if part.isdecimal() and "items" in node:
        return _followed(node["items"], definitions)
    if isinstance(anything := node.get("additionalProperties"), dict):
        return _followed(anything, definitions)
    return None


def _followed(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = definitions[node["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in node:
        objects = [branch for branch in node["anyOf"] if branch.get("type") != "null"]
        if len(objects) == 1:
            return _followed(objects[0], definitions)
    return node


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
