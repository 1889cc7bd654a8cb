"""What the shell offers for a value; asked at every press of TAB, so nothing is imported before it is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
    """Names of rules and agents."""
    from cli.policies import ALIASES, FACTORIES

    return [*ALIASES, *FACTORIES, "static-12"]


def scenarios() -> Iterable[str]:
    """Names of scenarios."""
    from workloads.scenarios import scenario_names

    return scenario_names()


def farms() -> Iterable[str]:
    """Names of farms, simulated and live."""
    from autoscaling_env.plugins import backend_names

    return backend_names()
