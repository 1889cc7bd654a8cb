"""Which records somebody wants to see, by a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autoscaling_env.errors import InputError, unknown_name
from operate.record import Record

#: Word -> whether a record is meant.
FILTERS: dict[str, Callable[[Record], bool]] = {
    "acting": lambda record: record.acting,
    "bent": lambda record: bool(record.bends),
    "changed": lambda record: bool(record.changed_by),
    "fallback": lambda record: record.decided_by not in {"", "hold", record.policy},
    "hold": lambda record: record.decided_by == "hold",
    "leading": lambda record: record.term is not None,
    "remarked": lambda record: bool(record.remarks),
    "skipped": lambda record: record.skipped > 0,
    "stale": lambda record: bool(record.stale),
    "start": lambda record: record.kind != "tick",
    "written": lambda record: record.written is not None and not record.refused,
}


def keeps(words: Iterable[str]) -> Callable[[Record], bool]:
    """Return whether a record is all that the words say; no word: every record is.

    Raises:
        InputError: there is no such word; every one, one line each.
    """
    words = tuple(words)
    if problems := [unknown_name("filter", word, FILTERS) for word in words if word not in FILTERS]:
        raise InputError(*problems)
    wanted = [FILTERS[word] for word in words]
    return lambda record: all(meant(record) for meant in wanted)
