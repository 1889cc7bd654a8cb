"""Episodes on OpenFaaS held to the backend contract, in both modes and editions."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from autoscaling_env.backend import Backend
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.testing.backend import BackendContract, batch
from live.backend import LiveBackend
from live.platforms.openfaas.platform import OpenFaaSPlatform
from tests.live.platforms.openfaas.farms import quick_config
from tests.live.platforms.openfaas.gateway import PASSWORD, GatewayServer
from tests.live.platforms.openfaas.kubelet import Forking
from tests.live.platforms.openfaas.provider import Timing
from tests.live.servers import RunningServer

pytestmark = pytest.mark.live

TIME_SCALE = 0.5
_numbers = itertools.count()


class OnGateway(BackendContract):
    """The contract, twice as fast as real time, with an informer that is 20 ms late."""

    exact = False
    #: 0.4 real seconds: what a loaded machine may take to start a process and see it register.
    tolerance_s = 0.8
    community = False
    mode = "replicas"
    #: Real seconds from a replica's creation to its process; in replicas mode this, and what the process takes to
    #: begin, is the start-up delay.
    container_start_s = 1.7 * TIME_SCALE

    @pytest.fixture(autouse=True)
    def _surroundings(self, server: RunningServer, tmp_path: Path) -> Iterator[None]:
        self.server, self.password_file = server, tmp_path / "password"
        self.password_file.write_text(PASSWORD)
        timing = Timing(self.container_start_s, 0.1, 0.1, 1.0, 0.02)
        self.gateway = GatewayServer(Forking(), timing, community=self.community, cache_s=0.02)
        yield
        left = [name for name in self.gateway.provider.functions if not name.startswith("other-")]
        self.gateway.close()
        assert left == []

    def crowd(self, others: int) -> None:
        """Leave less room in the namespace: functions of somebody else, whose image cannot be pulled."""
        for number in range(others):
            self.gateway.provider.crash.add(f"other-{number}")
            self.gateway.provider.deploy({"service": f"other-{number}", "image": "x/y", "envProcess": ""})

    def make_backend(self, farm: FarmConfig) -> LiveBackend:
        config = quick_config(self.gateway.url, self.password_file, mode=self.mode, settle_s=0.2)
        live = LiveConfig(time_scale=TIME_SCALE, farm=f"contract-{next(_numbers)}", lease_s=2.0, openfaas=config)
        return LiveBackend(farm, live, OpenFaaSPlatform(config), self.server.url)

    @pytest.fixture
    def backend(self) -> Iterator[LiveBackend]:
        farm = self.make_backend(self.farm_config())
        yield farm
        if not farm._closed and farm._readings is not None:
            verdict = farm.verify()
            farm.close()
            assert verdict.passed, verdict.problems
        farm.close()


class TestReplicas(OnGateway):
    """One function, Standard edition: any number of replicas."""

    def test_idle_workers_go_before_busy_ones(self, backend: Backend) -> None:
        """Kubernetes chooses who goes: a busy worker that is chosen finishes all the same."""
        tasks = batch([0.0], 2.0)
        backend.reset(tasks, 2)
        backend.advance(1.0)
        backend.scale_to(1)
        assert backend.advance(0.5).workers_requested == 1
        self.drain(backend, tasks)


class TestCommunityReplicas(TestReplicas):
    """One function, Community Edition: 1 to 5 replicas."""

    community = True

    def test_removing_all_workers_keeps_the_tasks(self, backend: Backend) -> None:
        """The Community Edition has no scale to zero: one worker stays, and the outcome says so."""
        tasks = batch([0.0, 0.1, 0.2, 0.3], 0.4)
        backend.reset(tasks, 2)
        outcome = backend.scale_to(0)
        assert (outcome.accepted, outcome.reason) == (1, ScaleReason.CLAMPED_BY_PLATFORM)
        self.drain(backend, tasks)


class TestCommunityFunctions(OnGateway):
    """A function per worker, Community Edition: up to 13 beside emitter and collector, and none is possible, too."""

    community = True
    mode = "functions"
    container_start_s = 0.0


class TestCommunityReplicasOfFunctions(TestReplicas):
    """Two worker functions, because those of others leave no room for a third: workers are their replicas."""

    community = True
    mode = "functions"

    @pytest.fixture(autouse=True)
    def _crowded(self, _surroundings: None) -> None:
        self.crowd(11)
