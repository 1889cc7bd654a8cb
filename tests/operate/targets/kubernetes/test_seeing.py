"""What is seen of workers on a real cluster when it is not as everybody hopes, and who is removed first."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from autoscaling_env.errors import BackendError
from live.platforms.kubernetes.client import Api
from operate.targets.kubernetes.kind import KIND
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.targets.kubernetes.target import KubernetesTarget
from tests.live.platforms.kubernetes import outages
from tests.live.platforms.kubernetes.clusters import Cluster, cluster_config, kubeconfig
from tests.operate.targets.kubernetes.deployments import Workers
from tests.operate.targets.kubernetes.test_examine import CRDS, crd
from tests.operate.targets.kubernetes.test_fencing import opened
from tests.waiting import until

pytestmark = pytest.mark.cluster


def mark_idle(workers: Workers, name: str) -> None:
    annotations = {"metadata": {"annotations": {"worker/idle": "true"}}}
    workers.cluster.api.patch(workers.cluster.path("pods", name), annotations)


def test_idle_workers_are_removed_first(workers: Workers) -> None:
    with opened(workers, idle="worker/idle") as target:
        scaler = target.scaler()
        scaler.scale_to(4)
        until(lambda: target.look().ready == 4, "four workers")
        names = sorted(pod["metadata"]["name"] for pod in workers.pods())
        for name in names[:2]:
            mark_idle(workers, name)
        _, view = target._view()
        until(lambda: sum(each.idle for each in view.workers()) == 2, "the marks are seen")
        scaler.scale_to(2)
        until(lambda: target.look().applied == 2, "two leave")
        assert target.look().draining > 0 or len(workers.pods()) == 2
        stay = [each["metadata"]["name"] for each in workers.pods() if "deletionTimestamp" not in each["metadata"]]
        assert sorted(stay) == names[2:]


def test_why_workers_do_not_start_is_said(jobs: Cluster) -> None:
    made = Workers(jobs, replicas=1, image="localhost/no-such-image:1")
    with opened(made) as target:
        until(lambda: "no-such-image" in target.look().trouble, "the image is missed")
        state = target.look()
        assert (state.requested, state.applied, state.ready) == (1, 1, 0)
        assert "imagePullPolicy is Never" in state.trouble
    made.delete()


@pytest.fixture
def crawler(jobs: Cluster) -> Iterator[KubernetesTargetConfig]:
    """An object of a kind of somebody's own, which keeps its numbers where it likes."""
    api = Api(cluster_config("default"))
    names = {"plural": "crawlers", "kind": "Crawler", "listKind": "CrawlerList"}
    paths = {
        "specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size",
        "labelSelectorPath": ".status.selector",
    }  # fmt: skip
    crd(api, "operate.test", "v1", names, scale=paths, status={})
    group = "/apis/operate.test/v1"
    body = {"apiVersion": "operate.test/v1", "kind": "Crawler", "metadata": {"name": "c"}, "spec": {"size": 2}}
    jobs.api.apply(jobs.path("crawlers", "c", group=group), body)  # a server that has just made a kind may answer late
    status = {"status": {"size": 2, "selector": "app=nobody"}}
    jobs.api.patch(jobs.path("crawlers", "c/status", group=group), status)
    yield KubernetesTargetConfig(
        resource="operate.test/v1/Crawler/c", namespace=jobs.namespace, kubeconfig=kubeconfig(), watch_renewal=2.0
    )
    api.delete(f"{CRDS}/crawlers.operate.test")
    api.close()


def test_a_kind_of_somebodys_own_is_scaled_wherever_it_keeps_its_numbers(
    crawler: KubernetesTargetConfig, jobs: Cluster
) -> None:
    target = KubernetesTarget(crawler)
    state = target.look()
    assert (state.requested, state.applied, state.ready) == (2, 2, 0)
    scaler = target.scaler()
    scaler.fence(1)
    assert scaler.scale_to(5).accepted == 5
    path = jobs.path("crawlers", "c", group="/apis/operate.test/v1")
    assert jobs.api.get(path)["spec"] == {"size": 5}
    body: dict[str, Any] = {"spec": {"replicas": 3}}
    jobs.api._send("PATCH", f"{path}/scale", 5.0, body, "application/merge-patch+json", {"fieldManager": "kubectl"})
    told = until(lambda: target.look().changed_by, "who scaled is seen")
    assert told == "kubectl changed the workers from 5 to 3"
    target.close()


def test_an_api_server_that_says_nothing_is_noticed_and_no_leader_stays(workers: Workers) -> None:
    with opened(workers) as target:
        assert KIND.elect is not None
        election = KIND.elect(workers.config(), "outage", "somebody")
        election.start()
        term = until(election.term, "a leader")
        with outages.stopped("kube-apiserver"):
            began = time.monotonic()
            until(lambda: target.look().trouble, "the silence is noticed", within_s=10.0)
            assert target.look().age_s > 2.0
            with pytest.raises(BackendError):
                target.scaler().scale_to(1)
            until(lambda: election.term() is None, "the leader steps down", within_s=12.0)
            assert time.monotonic() - began < 12.0
        until(lambda: election.term() == term, "the only candidate goes on")
        until(lambda: not target.look().trouble and target.look().age_s < 3.0, "it is seen again")
        workers.scale_as("kubectl", 2)  # the 1 may have come through when the server went on
        until(lambda: "kubectl" in target.look().changed_by, "changes are seen again")
        election.close()


def test_terms_go_on_where_somebody_deleted_the_lease(workers: Workers) -> None:
    with opened(workers) as target:
        target.scaler().fence(41)
        assert KIND.elect is not None
        election = KIND.elect(workers.config(), f"lost-{workers.name}", "somebody")
        election.start()
        term = until(election.term, "a leader")
        assert term == 42
        assert election.leader.startswith("somebody-")
        target.scaler().fence(term)
        election.close()
        election.close()
        assert election.term() is None
