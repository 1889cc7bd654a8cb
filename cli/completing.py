"""What the shell offers for a value; asked at every press of TAB, so nothing is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import experiments

Names = Callable[[], Iterable[str]]
Completion = Callable[[str], list[str]]
#: What a history's file comes after, in the name of a policy.
PLANNER = "planner:"


def one_of(names: Names) -> Completion:
    """Complete one name."""
    return lambda incomplete: [name for name in names() if name.startswith(incomplete)]


def some_of(complete: Completion) -> Completion:
    """Complete the last of a list with commas; what stands in it already is not offered again."""

    def complete_last(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{each}" for each in complete(last) if each not in before.split(",")]

    return complete_last


def listed(function: str) -> Names:
    """Return what asks a function of ``experiments``, which is imported then."""

    def names() -> Iterable[str]:
        yield from getattr(experiments, function)()

    return names


def a_policy(incomplete: str) -> list[str]:
    """Complete the name of a policy; after ``planner:`` the file. The shell offers other files where no name fits."""
    return [*one_of(_policies)(incomplete), *_histories(incomplete)]


def _policies() -> Iterable[str]:
    begun = {"static-N": "static-12", experiments.WITH_HISTORY: PLANNER}
    return [*experiments.ALIASES, *(begun.get(name, name) for name in experiments.list_policies())]


def _histories(incomplete: str) -> list[str]:
    """Return files of histories, and folders that may hold some: to the shell ``planner:`` is a part of their names."""
    if not incomplete.startswith(PLANNER):
        return []
    folder, slash, begun = incomplete.removeprefix(PLANNER).rpartition("/")
    place = Path(folder + slash)
    there = sorted(place.iterdir()) if place.is_dir() else []
    wanted = [file for file in there if file.name.startswith(begun) and (file.is_dir() or file.suffix == ".npz")]
    return [f"{PLANNER}{folder}{slash}{file.name}{'/' * file.is_dir()}" for file in wanted]
