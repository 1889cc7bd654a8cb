"""Farms, workloads and policies found by name: packages announce theirs, none is imported here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from autoscaling_env.backend import Backend
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.farm_kind import FarmKind
from autoscaling_env.randomization import OF_EVERY_FARM, refuse_others
from autoscaling_env.workload import Workload

BACKENDS = "autoscaling_env.backends"
WORKLOADS = "autoscaling_env.workloads"
CONFIGURATIONS = "autoscaling_env.configurations"
POLICIES = "autoscaling_env.policies"


def backend_names() -> tuple[str, ...]:
    """Return the names of all farms that are installed."""
    return tuple(sorted(_plugins(BACKENDS)))


def farm_kind(name: str) -> FarmKind:
    """Return the kind of farm announced as ``name`` in the entry-point group ``autoscaling_env.backends``.

    An entry point may also be a bare factory, ``Config -> Backend``: then the farm can do nothing but play.

    Raises:
        InputError: no installed package announces that name, several do, or it cannot be imported.
    """
    announced: Any = _load(BACKENDS, "backend", name)
    if isinstance(announced, FarmKind):
        return announced
    return FarmKind(name=name, summary="a farm of another package", make=announced)


def farm_kinds() -> dict[str, FarmKind]:
    """Return all kinds of farms that can be used here, by name.

    Those whose extra is not installed are left out, and those that cannot be loaded: asked for by name, they say why.
    """
    found = {}
    for name in backend_names():
        with suppress(ModuleNotFoundError, InputError):
            found[name] = farm_kind(name)
    return found


def make_backend(backend: str | Backend, config: Config) -> Backend:
    """Return a farm of the kind announced as ``backend``, or the farm itself that was made before.

    Raises:
        InputError: as ``farm_kind``, or the farm cannot follow what is drawn for each episode.
    """
    if not isinstance(backend, str):
        refuse_others(config, "a farm that was made before", OF_EVERY_FARM)
        return backend
    kind = farm_kind(backend)
    refuse_others(config, f"the farm {backend}", (*OF_EVERY_FARM, *kind.randomizes))
    return kind.make(config)


def scenario_config(config: Config | None, scenario: str | None, *, history: bool = False) -> Config | None:
    """Return the configuration of a scenario, by its name or file; of none ``config`` as it is.

    Args:
        config: what is configured where there is no scenario.
        scenario: its name or file.
        history: return the configuration of its training episodes, where the scenario has a past of its own.

    Raises:
        InputError: there is none of that name, something in it is wrong, or there is a ``config``, too.
    """
    if scenario is None:
        if history:
            raise InputError("history: is a scenario's; name one")
        return config
    if config is not None:
        raise InputError(f"config and scenario {scenario!r} both say what is played; choose one")
    load = _load(CONFIGURATIONS, "configuration", "history" if history else "scenario")
    return cast("Config", load(scenario))


def make_workload(config: Config) -> Workload:
    """Return the workload of ``config.workload``, and of what ``config.randomize`` says of it."""
    return cast("Workload", _load(WORKLOADS, "workload", "default")(config))


def workload_of(config: Config, given: Workload | None) -> Workload:
    """Return the workload that was given, or that of the configuration.

    Raises:
        InputError: one was given that does not draw its settings as the configuration says.
    """
    if given is None:
        return make_workload(config)
    draws = [key for key in config.randomize.draws if key.startswith("workload.")]
    if draws and getattr(given, "randomize", None) != config.randomize:
        raise InputError(f"randomize.{draws[0]}: a workload that was made before has its own settings; leave it out")
    return given


def policy_plugins() -> tuple[str, ...]:
    """Return the names of all policies that packages announce in the group ``autoscaling_env.policies``."""
    return tuple(sorted(_plugins(POLICIES)))


def load_policy_plugin(name: str) -> Callable[..., Any]:
    """Return the factory of the policy announced as ``name``.

    Raises:
        InputError: no installed package announces that name, several do, or it cannot be imported.
    """
    return _load(POLICIES, "policy", name)


def _load(group: str, what: str, name: str) -> Callable[..., Any]:
    plugins = _plugins(group)
    if name not in plugins:
        raise InputError(unknown_name(what, name, plugins))
    entry, *others = plugins[name]
    if others:
        owners = " and ".join(f"{each.value} (of {each.dist.name if each.dist else '?'})" for each in plugins[name])
        raise InputError(
            f"{what} {name}: announced more than once, by {owners}; uninstall one, or rename its entry point"
        )
    try:
        return cast("Callable[..., Any]", entry.load())
    except (ImportError, AttributeError) as error:
        if _is_of_another(error, entry):
            raise
        raise InputError(f"{what} {name}: entry point {entry.value} of the group {group}: {error}") from error


def _is_of_another(error: ImportError | AttributeError, entry: EntryPoint) -> bool:
    """Whether what is missing is a package beside the one that announces: then it may be installed."""
    top = entry.value.partition(":")[0].partition(".")[0]
    return isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] != top


@cache
def _plugins(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Name -> who announces it; one package that is found in two places says the same and counts once."""
    found: dict[str, dict[str, EntryPoint]] = {}
    for entry in entry_points(group=group):
        found.setdefault(entry.name, {})[entry.value] = entry
    return {name: tuple(entries.values()) for name, entries in found.items()}
