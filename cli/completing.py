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


def agents() -> Iterable[str]:
    """Return the names of policies."""
    return [*experiments.ALIASES, *(name.replace("static-N", "static-12") for name in experiments.list_policies())]


def learners() -> Iterable[str]:
    """Return the names of agents that learn."""
    return experiments.list_learners()


def tunable() -> Iterable[str]:
    """Return the names of rules whose settings can be searched."""
    return experiments.list_tunable()


def scenarios() -> Iterable[str]:
    """Return the names of scenarios."""
    return experiments.list_scenarios()


def farms() -> Iterable[str]:
    """Return the names of farms, simulated and live."""
    return experiments.list_farms()


def standing_farms() -> Iterable[str]:
    """Return the names of farms that can be brought up by hand."""
    return [name for name, kind in experiments.farm_kinds().items() if kind.lifecycle is not None]


def engines() -> Iterable[str]:
    """Return the names of engines."""
    return experiments.list_engines()
