"""YAML 1.2 read safely: plain data only, no aliases, bounded depth, duplicate keys are errors, lines remembered."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import ConstructorError, DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from autoscaling_env.errors import ConfigError

MAX_DEPTH = 32
MAX_BYTES = 4_000_000

Path = tuple[str | int, ...]


def parse(text: str, source: str) -> tuple[Any, dict[Path, int]]:
    """Return the plain data of a YAML text and the line of every key and item.

    Raises:
        ConfigError: one line with source, line and what is wrong.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError(f"{source}: {len(text)} characters; a configuration has at most {MAX_BYTES}")
    try:
        node, data = _composed(text, source)
    except DuplicateKeyError as error:
        raise ConfigError(f"{_place(error, source)}: {_first_line(error.problem)}; keep one of the two") from None
    except MarkedYAMLError as error:
        raise ConfigError(f"{_place(error, source)}: not valid YAML: {_first_line(error.problem)}") from None
    except (YAMLError, ValueError) as error:
        if "limit" in str(error) and "digits" in str(error):  # Python's own words name a switch nobody should turn
            raise ConfigError(f"{source}: not valid YAML: a number has too many digits") from None
        raise ConfigError(f"{source}: not valid YAML: {_first_line(str(error))}") from None
    lines: dict[Path, int] = {}
    if node is not None:
        _collect_lines(node, (), lines, source)
    return data, lines


def dumped(data: Any) -> str:
    """Return plain data as YAML that ``parse`` reads back, keys in their order."""
    text = io.StringIO()
    yaml = _yaml()
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(data, text)
    return text.getvalue()


def _yaml() -> YAML:
    return YAML(typ="safe", pure=True)


def _composed(text: str, source: str) -> tuple[Node | None, Any]:
    """Return the tree of a text and its plain data, both from one pass: every command reads some of our own files."""
    yaml = _yaml()
    yaml.Composer = partial(_Plain, source=source)  # type: ignore[assignment]
    constructor, parser = yaml.get_constructor_parser(io.StringIO(text))
    try:
        node = constructor.composer.get_single_node()
        return node, None if node is None else constructor.construct_document(node)
    finally:
        parser.dispose()


class _Plain(Composer):
    """Composes what is written out, to a bounded depth."""

    def __init__(self, loader: Any = None, *, source: str) -> None:
        super().__init__(loader=loader)
        self._source, self._depth = source, 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """See ``Composer.compose_node``."""
        event = self.parser.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            anchor = f"alias *{event.anchor}"
            raise ConfigError(f"{self._source}:{line}: {anchor}; write the value out, aliases are not allowed")
        nests = isinstance(event, CollectionStartEvent)
        if nests and self._depth == MAX_DEPTH:
            raise ConfigError(f"{self._source}:{line}: nested deeper than {MAX_DEPTH} levels")
        self._depth += nests
        node = super().compose_node(parent, index)
        self._depth -= nests
        return node


def _collect_lines(node: Node, path: Path, lines: dict[Path, int], source: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise ConfigError(f"{source}:{key.start_mark.line + 1}: a list or mapping as a key; keys are words")
            lines[(*path, str(key.value))] = key.start_mark.line + 1
            _collect_lines(value, (*path, str(key.value)), lines, source)
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            _collect_lines(item, (*path, index), lines, source)


def _place(error: MarkedYAMLError | ConstructorError, source: str) -> str:
    mark = error.problem_mark or error.context_mark
    return f"{source}:{mark.line + 1}" if mark is not None else source


def _first_line(text: str | None) -> str:
    return (text or "unreadable").strip().splitlines()[0].strip()
