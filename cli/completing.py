"""What the shell offers for a value; asked at every press of TAB, so nothing is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import experiments

Names = Callable[[], Iterable[str]]
Completion = Callable[[str], list[str]]


def one_of(names: Names) -> Completion:
    """Complete one name."""
    return lambda incomplete: [name for name in names() if name.startswith(incomplete)]


def some_of(names: Names) -> Completion:
    """Complete the last name of a list with commas; those that stand in it already are not offered again."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in names() if name.startswith(last) and name not in before.split(",")]

    return complete


def listed(function: str) -> Names:
    """Return what asks a function of ``experiments``, which is imported then."""

    def names() -> Iterable[str]:
        yield from getattr(experiments, function)()

    return names


def agents() -> Iterable[str]:
    """Return the names of policies."""
    return [*experiments.ALIASES, *(name.replace("static-N", "static-12") for name in experiments.list_policies())]
