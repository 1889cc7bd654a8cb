"""Both simulated farms keep the Backend contract."""

from __future__ import annotations

from autoscaling_env.backend import Backend, TaskLogging
from autoscaling_env.config.farm import FarmConfig
from simulator.backend import SimBackend
from simulator.compiled import CompiledBackend
from tests.contracts.backend import ExactBackendContract


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
