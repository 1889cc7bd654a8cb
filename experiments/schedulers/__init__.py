"""Where many things are run: in processes of this machine, or on Ray. One seam for studies and comparisons."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from autoscaling_env.errors import InputError, unknown_name
from experiments.schedulers.local import LocalScheduler
from experiments.schedulers.scheduler import Blames, Ended, Scheduler

#: Names that ``--on`` takes.
LOCAL, RAY = "local", "ray"
PLACES = (LOCAL, RAY)


def list_places() -> tuple[str, ...]:
    """Return the names of what a study can run on."""
    return PLACES


def scheduler_on(place: str, *, jobs: int | None = None, address: str | None = None) -> Callable[[], Scheduler]:
    """Return what starts a scheduler.

    Args:
        place: one of ``PLACES``.
        jobs: calls at the same time; None: as many as there are cores.
        address: of a Ray cluster that is there, such as ``auto`` or ``ray://head:10001``; None: one of its own.

    Raises:
        InputError: there is no such place, or it has no address.
        ModuleNotFoundError: it needs a package that is not installed.
    """
    if place == LOCAL:
        if address is not None:
            raise InputError(f"--address {address}: belongs to --on ray")
        return lambda: LocalScheduler(jobs)
    if place == RAY:
        on_ray = import_module("experiments.schedulers.on_ray")
        return lambda: on_ray.RayScheduler(jobs, address)
    raise InputError(unknown_name("place", place, PLACES))


__all__ = ["LOCAL", "PLACES", "RAY", "Blames", "Ended", "Scheduler", "list_places", "scheduler_on"]
