"""The farm of pods held to the backend contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from live.backend import LiveBackend
from live.platforms.kubernetes_farm import kubernetes_backend
from tests.cluster.clusters import Cluster, ReachableServer, cluster_config
from tests.contracts.backend import BackendContract

pytestmark = pytest.mark.cluster


class TestClusterFarm(BackendContract):
    """The contract at real time; a pod needs about a second to start, and that counts into its start-up delay."""

    exact = False
    tolerance_s = 0.6
    #: Kubernetes needs some 0.2 s to tell a pod to leave; this law leaves 0.05 s for it, so it is played slower.
    slower = {"test_removing_all_workers_keeps_the_tasks": 6.0}  # noqa: RUF012 - a constant

    @pytest.fixture(autouse=True)
    def _cluster(self, request: pytest.FixtureRequest, cluster: Cluster, redis_server: ReachableServer) -> None:
        self.live = LiveConfig(
            farm="contract",
            time_scale=self.slower.get(request.node.name, 1.0),
            redis_url=redis_server.url,
            kubernetes=cluster_config(cluster.namespace, redis_url=redis_server.pods_url),
        )

    def make_backend(self, farm: FarmConfig) -> LiveBackend:
        return kubernetes_backend(farm, self.live)

    @pytest.fixture
    def backend(self, _cluster: None) -> Iterator[LiveBackend]:
        farm = self.make_backend(self.farm_config())
        yield farm
        if not farm._closed and farm._readings is not None:
            verdict = farm.verify()
            farm.close()
            assert verdict.passed, verdict.problems
        farm.close()
