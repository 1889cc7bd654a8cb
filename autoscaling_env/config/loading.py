"""Configuration from its sources: the packaged defaults, a file, then single values; all errors at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from autoscaling_env.config.problems import Source, explain
from autoscaling_env.config.randomize import by_dotted_key
from autoscaling_env.config.root import Config
from autoscaling_env.config.yaml import MAX_BYTES, parse
from autoscaling_env.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

DEFAULTS = "configuration.yml"


def load_config(
    *files: Path | str | Source, assignments: Iterable[str] = (), options: Mapping[str, tuple[str, Any]] | None = None
) -> Config:
    """Return the packaged defaults, overridden by each file, then ``key=value`` assignments, then options.

    Mappings are merged, lists and values replaced; a mapping whose ``kind`` changes is replaced whole.

    Args:
        files: YAML files or layers read before, later ones over earlier ones.
        assignments: ``key=value`` with a dotted key and a YAML value.
        options: dotted key -> (what to call it in a message, value).

    Raises:
        ConfigError: every problem found, one line each.
    """
    layers = [file if isinstance(file, Source) else read_source(Path(file)) for file in files]
    sources = [_defaults(), *layers, *assigned(assignments)]
    for key, (label, value) in (options or {}).items():
        sources.append(layer(label, key, value))
    return build(sources)


def default_config() -> Config:
    """Return the packaged reference deployment."""
    return _default_config()


def build(sources: list[Source]) -> Config:
    """Merge the sources in order and validate the result."""
    return validated(Config, sources)


def validated(model: type[Model], sources: Sequence[Source]) -> Model:
    """Return a model of what the sources say together, later ones over earlier ones.

    Raises:
        ConfigError: every problem found, one line each.
    """
    data: Any = {}
    for source in sources:
        data = _merged(data, source.data)
    if model is Config and isinstance(data.get("randomize"), Mapping):
        with suppress(ValueError):  # which the model tells
            data = {**data, "randomize": by_dotted_key(data["randomize"])}
    try:
        return model.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise ConfigError(*explain(error, data, sources, model)) from None


@cache
def _default_config() -> Config:
    return build([_defaults()])


@cache
def _defaults() -> Source:
    text = resources.files("autoscaling_env.config").joinpath(DEFAULTS).read_text("utf-8")
    return Source(DEFAULTS, *parse(text, DEFAULTS))


def layer(name: str, key: str, value: Any) -> Source:
    """Return a layer that sets one dotted key; ``name`` is what a message calls it."""
    return Source(name, _nested(key.split("."), value), {})


def read_source(file: Path) -> Source:
    """Return a YAML file as a layer of configuration.

    Raises:
        ConfigError: it cannot be read, or is no mapping.
    """
    try:
        with file.open("rb") as stream:  # a pipe will do; one without end is cut off, and then too long
            text = stream.read(4 * MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not a text file (byte {error.start} is not UTF-8)") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    data, lines = parse(text, str(file))
    if data is None:
        raise ConfigError(f"{file}: the file is empty; write at least one `section:`")
    if not isinstance(data, Mapping):
        raise ConfigError(f"{file}:1: a configuration is a mapping of sections, not {type(data).__name__}")
    return Source(str(file), data, lines)


def assigned(assignments: Iterable[str]) -> list[Source]:
    """Return ``key=value`` assignments as layers of configuration.

    Raises:
        ConfigError: every one that cannot be read, one line each.
    """
    sources, problems = [], []
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not all(part.strip() for part in key.split(".")):
            problems.append(f"--set {assignment}: write key=value, such as farm.max_workers=16")
            continue
        try:
            data, _ = parse(value, f"--set {key}")
        except ConfigError as error:
            problems += error.problems
            continue
        sources.append(layer(f"--set {key.strip()}", key.strip(), data))
    if problems:
        raise ConfigError(*problems)
    return sources


def _nested(path: list[str], value: Any) -> Any:
    for part in reversed(path):
        value = {part: value}
    return value


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, list) and isinstance(over, Mapping) and _are_indices(over, base):
        return [_merged(item, over[str(i)]) if str(i) in over else item for i, item in enumerate(base)]
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return over
    if "kind" in over and over["kind"] != base.get("kind"):
        return dict(over)
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merged(merged[key], value) if key in merged else value
    return merged


def _are_indices(over: Mapping[Any, Any], base: list[Any]) -> bool:
    return all(str(key).isdecimal() and int(key) < len(base) for key in over)
