"""The farm of pods held to the backend contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autoscaling_env.backend import Backend
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.testing.backend import BackendContract, batch
from live.backend import LiveBackend
from live.platforms.kubernetes.farm import kubernetes_backend
from tests.live.platforms.kubernetes.clusters import Cluster, ReachableServer, cluster_config

pytestmark = pytest.mark.cluster


class TestClusterFarm(BackendContract):
    """The contract at real time; a pod needs about a second to start, and that counts into its start-up delay."""

    exact = False
    tolerance_s = 0.6

    @pytest.fixture(autouse=True)
    def _cluster(self, cluster: Cluster, redis_server: ReachableServer) -> None:
        self.live = LiveConfig(
            farm="contract",
            time_scale=1.0,
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

    def test_removing_all_workers_keeps_the_tasks(self, backend: Backend) -> None:
        """As in the contract, with longer tasks: a kubelet needs up to 1.3 s to tell a pod to leave."""
        tasks = batch([0.0, 0.1, 0.2, 0.3], 4.0)
        backend.reset(tasks, 1)
        backend.advance(1.0)
        backend.scale_to(0)
        stopped = backend.advance(4.5)
        assert (stopped.workers_requested, stopped.worker_queue, stopped.output_queue) == (0, 3, 1)
        backend.scale_to(3)
        self.drain(backend, tasks)
