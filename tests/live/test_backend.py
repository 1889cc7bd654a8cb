"""The live farm of local processes held to the backend contract, and to what only a real one can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from live.backend import LiveBackend
from live.local import local_backend
from tests.contracts.backend import BackendContract
from tests.live.servers import require_server

pytestmark = pytest.mark.live

TIME_SCALE = 0.25


class TestLocalFarm(BackendContract):
    """The contract, four times faster than real time."""

    exact = False
    tolerance_s = 0.2

    def make_backend(self, farm: FarmConfig) -> LiveBackend:
        require_server()
        return local_backend(farm, LiveConfig(time_scale=TIME_SCALE))

    @pytest.fixture
    def backend(self) -> Iterator[LiveBackend]:
        farm = self.make_backend(self.farm_config())
        yield farm
        if farm.queues.client.connection_pool and not farm._closed and farm._readings is not None:
            verdict = farm.verify()
            farm.close()
            assert verdict.passed, verdict.problems
        farm.close()
