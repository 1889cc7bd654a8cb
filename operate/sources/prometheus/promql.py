"""As much of PromQL as it takes to ask how old the samples are that a query reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_AGGREGATIONS = "sum|min|max|avg|group|stddev|stdvar|count|count_values|bottomk|topk|quantile|limitk|limit_ratio"
_WORDS = set(f"{_AGGREGATIONS}|and|or|unless|bool|offset|atan2|inf|nan|start|end".split("|"))
#: What a list of labels follows, which are no series.
_LABELLED = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_TEXT = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`'
_TOKEN = re.compile(
    rf"(?P<skip>\s+|\#[^\n]*|{_TEXT}|\[[^\]]*\]|\d[\w.]*)"
    rf"|(?P<braces>\{{(?:{_TEXT}|[^}}\"'`])*\}})"
    r"|(?P<name>[A-Za-z_:][\w:]*)"
    r"|(?P<labels>\([^()]*\))"
    r"|(?P<other>.)",
    re.DOTALL,
)
_PLAIN = re.compile(rf"\s*[A-Za-z_:][\w:]*\s*(?:\{{(?:{_TEXT}|[^}}\"'`])*\}})?\s*")


def is_plain(query: str) -> bool:
    """Return whether a query is one selector and nothing else, so that its value is a series itself."""
    return bool(_PLAIN.fullmatch(query)) and selectors(query) == (query.strip(),)


def selectors(*queries: str) -> tuple[str, ...]:
    """Return the selectors of series in queries, each once, without ranges and offsets."""
    return tuple(dict.fromkeys(one for query in queries for one in _selectors(query)))


def _selectors(query: str) -> Iterator[str]:
    at, name = 0, ""
    while at < len(query):
        found = _TOKEN.match(query, at)
        if found is None:  # never: `other` takes whatever is left
            return
        kind, text = found.lastgroup, found.group()
        if kind == "labels" and name.lower() not in _LABELLED:
            text = "("  # look inside
        at += len(text)
        if kind == "skip":
            continue
        if kind == "braces":
            yield name + text
        elif name and _is_series(name, text):
            yield name
        name = text if kind == "name" else ""
    if name and _is_series(name, ""):
        yield name


def _is_series(name: str, follows: str) -> bool:
    """Return whether a word is the name of a series, by what stands after it."""
    return not follows.startswith("(") and name.lower() not in _WORDS | _LABELLED


def age_query(found: Sequence[str]) -> str:
    """Return the query whose answer is, for each selector by its number, the Unix time of its oldest newest sample."""
    each = (f'label_replace(timestamp({one}), "selector", "{n}", "", "")' for n, one in enumerate(found))
    return f"min by (selector) ({' or '.join(each)})"
