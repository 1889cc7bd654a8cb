"""Both simulated farms keep the Backend contract."""

from __future__ import annotations

from autoscaling_env.backend import Backend, TaskLogging
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.testing.backend import ExactBackendContract
from simulator.compiled.backend import CompiledBackend
from simulator.reference.backend import SimBackend


class TestSimBackend(ExactBackendContract):
    def make_backend(self, farm: FarmConfig) -> Backend:
        return SimBackend(farm)

    def test_logs_tasks(self, backend: Backend) -> None:
        assert isinstance(backend, TaskLogging)


class TestCompiledBackend(ExactBackendContract):
    def make_backend(self, farm: FarmConfig) -> Backend:
        return CompiledBackend(farm)

    def test_logs_tasks(self, backend: Backend) -> None:
        assert isinstance(backend, TaskLogging)
