"""Farms by name for whoever examines one, or brings it up and down by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.farm_kind import Finding, Lifecycle
from autoscaling_env.plugins import backend_names, farm_kind, farm_kinds
from experiments.setup import DEFAULT, Setup, resolve


@dataclass(frozen=True, slots=True)
class StandingFarm:
    """A farm that can be brought up by hand.

    Attributes:
        lifecycle: what can be done with it.
        config: the resolved configuration.
    """

    lifecycle: Lifecycle
    config: Config


def list_standing() -> tuple[str, ...]:
    """Return the names of farms that can be brought up by hand."""
    return tuple(name for name, kind in farm_kinds().items() if kind.lifecycle is not None)


def standing_farm(
    backend: str, setup: Setup = DEFAULT, options: Mapping[str, str | None] | None = None
) -> StandingFarm:
    """Return a farm that can be brought up by hand.

    Args:
        backend: its name.
        setup: read for its configuration.
        options: those that kinds of farms announce (``FarmKind.options``), by name; None is not given.

    Raises:
        InputError: there is no such farm, or it does not have one of the options.
    """
    if backend not in backend_names():
        raise InputError(unknown_name("farm", backend, list_standing()))
    kind = farm_kind(backend)
    if kind.lifecycle is None:
        able = ", ".join(list_standing())
        raise InputError(f"--backend {backend}: there is nothing to bring up or down; choose from {able}")
    keys = {option.name: option.key for option in kind.options}
    given = {name: value for name, value in (options or {}).items() if value is not None}
    if others := [name for name in given if name not in keys]:
        raise InputError(*(f"--{name} belongs to a farm in a cluster, not to --backend {backend}" for name in others))
    settings = {keys[name]: value for name, value in given.items()}
    labels = {keys[name]: f"--{name}" for name in given}
    return StandingFarm(kind.lifecycle, resolve(setup.with_settings(settings, labels)))


def examine(backend: str, setup: Setup = DEFAULT) -> Sequence[Finding]:
    """Look at everything a farm needs, and change nothing.

    Raises:
        InputError: there is no such farm, or nothing to examine.
    """
    kind = farm_kind(backend)
    if kind.examine is None:
        able = ", ".join(name for name, other in farm_kinds().items() if other.examine is not None)
        raise InputError(f"--backend {backend}: there is nothing to examine; choose from {able}")
    return kind.examine(resolve(setup))
