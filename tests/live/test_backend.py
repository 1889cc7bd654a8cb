"""The live farm of local processes held to the backend contract, and to what only a real one can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscaling_env.testing.backend import BackendContract
from live.backend import LiveBackend
from tests.live.farms import SharedFarms, checked

pytestmark = pytest.mark.live

#: Slow enough for a busy machine: `tolerance_s` is 0.2 real seconds.
TIME_SCALE = 0.5


class TestLocalFarm(BackendContract):
    """The contract, twice as fast as real time."""

    exact = False
    tolerance_s = 0.4

    @pytest.fixture
    def backend(self, shared: SharedFarms) -> Iterator[LiveBackend]:
        with shared.of(self.farm_config(), time_scale=TIME_SCALE) as farm:
            yield farm
            if not farm._closed:
                checked(farm)
