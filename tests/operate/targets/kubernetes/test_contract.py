"""A Deployment on a real cluster held to the target contract, and a Lease to the election's."""

from __future__ import annotations

import pytest

from operate.target import Target
from operate.targets.kubernetes.target import KubernetesTarget
from operate.testing.election import ElectionContract, python
from operate.testing.target import TargetContract
from tests.live.platforms.kubernetes.clusters import Cluster, kubeconfig
from tests.operate.targets.kubernetes.deployments import Workers
from tests.operate.targets.kubernetes.requests import Requests

pytestmark = pytest.mark.cluster


class TestKubernetesTarget(TargetContract):
    within_s = 30.0
    settled_s = 0.5

    @pytest.fixture(autouse=True)
    def _workers(self, workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
        self.workers, self.requests = workers, Requests(monkeypatch)

    def make_target(self) -> Target:
        return KubernetesTarget(self.workers.config())

    def somebody_scales(self, target: Target, workers: int) -> str:
        self.workers.scale_as("kubectl", workers)
        return "kubectl"

    def writes(self, target: Target) -> int:
        assert isinstance(target, KubernetesTarget)
        return len(self.requests.writes(target.api))

    def test_closing_leaves_the_workers_as_they_are(self, target: Target) -> None:
        target.scaler().scale_to(1)
        self.settle(target, 1)
        target.close()
        assert self.workers.replicas() == 1
        assert [pod["metadata"].get("deletionTimestamp") for pod in self.workers.pods()] == [None]


class TestLease(ElectionContract):
    @pytest.fixture(autouse=True)
    def _jobs(self, jobs: Cluster) -> None:
        self.namespace = jobs.namespace

    def command(self, election: str, *, hasty: bool) -> list[str]:
        module = "tests.operate.targets.kubernetes.candidate"
        return python(module, kubeconfig(), self.namespace, election, *(["hasty"] if hasty else []))
