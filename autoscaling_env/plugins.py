"""Farms and workloads found by name: packages announce theirs as entry points, so the environment imports none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from autoscaling_env.backend import Backend
from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.workload import Workload

BACKENDS = "autoscaling_env.backends"
WORKLOADS = "autoscaling_env.workloads"


def backend_names() -> tuple[str, ...]:
    """Return the names of all farms that are installed."""
    return tuple(sorted(_plugins(BACKENDS)))


def make_backend(name: str, config: Config) -> Backend:
    """Return the farm announced as ``name`` in the entry-point group ``autoscaling_env.backends``.

    Raises:
        InputError: no installed package announces that name.
    """
    return cast("Backend", _load(BACKENDS, "backend", name)(config))


def make_workload(config: Config) -> Workload:
    """Return the workload of ``config.workload``."""
    return cast("Workload", _load(WORKLOADS, "workload", "default")(config))


def _load(group: str, what: str, name: str) -> Callable[[Config], Any]:
    plugins = _plugins(group)
    if name not in plugins:
        raise InputError(unknown_name(what, name, plugins))
    return cast("Callable[[Config], Any]", plugins[name].load())


@cache
def _plugins(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}
