"""Environments as experiments make them: by scenario, farm and workload; a workload is read once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from autoscaling_env.config import Config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.plugins import backend_names, farm_kind, farm_kinds
from autoscaling_env.workload import Workload
from experiments.listening import Listener, Silent
from experiments.setup import DEFAULT, Setup, resolve, setups_of
from workloads import make_workload

#: The farm that experiments are played on unless told otherwise.
SIMULATED = "sim"


def farm_name(backend: str, engine: str | None = None) -> str:
    """Return the installed farm's name for a farm and one of its engines.

    Raises:
        InputError: there is no such farm or engine.
        ModuleNotFoundError: it needs a package that is not installed.
    """
    if backend not in backend_names():
        raise InputError(unknown_name("backend", backend, backend_names()))
    for package in farm_kind(backend).needs:
        import_module(package)  # now, not when the farm is made: a run's folder is there by then
    if engine is None:
        return backend
    engines = farm_kind(backend).engines
    if not engines:
        owners = ", ".join(name for name, kind in farm_kinds().items() if kind.engines)
        raise InputError(f"--engine {engine} belongs to --backend {owners}, not to {backend}")
    if engine not in engines:
        raise InputError(f"--engine {engine}: choose from {', '.join(engines)}")
    return engines[engine]


def list_engines() -> tuple[str, ...]:
    """Return the names of all engines that a farm has."""
    return tuple(dict.fromkeys(engine for kind in farm_kinds().values() for engine in kind.engines))


def in_real_time(backend: str, engine: str | None = None) -> bool:
    """Return whether the seconds of a farm pass on the clock.

    Raises:
        InputError: there is no such farm or engine.
    """
    return farm_kind(farm_name(backend, engine)).real_time


def load_workload(config: Config, listener: Listener | None = None) -> Workload:
    """Return the configuration's workload; what was done to a trace on the way is told.

    Raises:
        InputError: the workload has no tasks, or its trace cannot be read.
    """
    listener = listener or Silent()
    workload = make_workload(config, progress=lambda done, total: listener.progress("reading trace", done, total))
    for sentence in workload.notes:
        listener.note(sentence)
    return workload


class EnvironmentFactory:
    """Makes environments of one farm: single ones, and many at once where the farm can.

    Attributes:
        many: makes a vector environment, ``(config, count)``; None where the farm plays one episode at a time.
    """

    def __init__(
        self, farm: str, listener: Listener | None = None, known: dict[Config, Workload] | None = None
    ) -> None:
        self._farm, self._listener = farm, listener
        self._workloads = known or {}
        self.many = None if farm_kind(farm).make_many is None else self._many

    def workload(self, config: Config) -> Workload:
        """Return the configuration's workload."""
        if config not in self._workloads:
            self._workloads[config] = load_workload(config, self._listener)
        return self._workloads[config]

    def one(self, config: Config) -> OpenFaaSAutoscalingEnv:
        """Return an environment of its own."""
        return OpenFaaSAutoscalingEnv(config=config, workload=self.workload(config), backend=self._farm)

    def _many(self, config: Config, count: int) -> Any:
        make = farm_kind(self._farm).make_many
        assert make is not None  # noqa: S101 - ``many`` is None then
        return make(count, config=config, workload=self.workload(config))


def make_env(
    where: Setup | str = DEFAULT, *, num_envs: int | None = None, backend: str = SIMULATED, engine: str | None = None
) -> Any:
    """Return the Gymnasium environment of a setup or scenario; with ``num_envs`` a vector environment of so many.

    Raises:
        InputError: something in the setup is wrong, or the farm plays one episode at a time.
    """
    (setup,) = setups_of(where)
    farm = farm_name(backend, engine)
    factory, config = EnvironmentFactory(farm), resolve(setup)
    if num_envs is None:
        return factory.one(config)
    if factory.many is None:
        raise InputError(f"num_envs {num_envs}: the farm {farm} plays one episode at a time")
    return factory.many(config, num_envs)
