"""What breaks under a farm of pods: each fault made for real, each time nothing lost and nothing left over."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from autoscaling_env.errors import BackendError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.testing.backend import batch, steady
from live.backend import LiveBackend
from live.platforms.kubernetes.errors import WorkloadGone
from live.platforms.kubernetes.farm import kubernetes_backend
from tests.live.farms import done_once
from tests.live.platforms.kubernetes import outages
from tests.live.platforms.kubernetes.clusters import (
    Cluster,
    ReachableServer,
    busy_pods,
    cluster_farm,
    farm_config,
    platform_of,
    run_out,
)
from tests.waiting import until

pytestmark = pytest.mark.cluster


def finish(backend: LiveBackend, tasks: int) -> None:
    """Run to the end; everything must have come out once."""
    run_out(backend, tasks, real_s=90)
    assert done_once(backend.verify()) == tasks


def test_api_server_stopped(cluster: Cluster, redis_server: ReachableServer) -> None:
    outages.pid_of("kube-apiserver")
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(steady(120, 4.0, 0.5), 3)
        backend.advance(1.0)
        with outages.stopped("kube-apiserver"):
            began = time.monotonic()
            outcome = backend.scale_to(6)
            assert time.monotonic() - began < 6.0
            assert (outcome.accepted, outcome.reason) == (3, ScaleReason.REJECTED)
            assert "is the API server up" in outcome.detail
            telemetry = backend.advance(24.0)
            assert "workers_requested" in telemetry.stale
            assert "worker_queue" not in telemetry.stale
            assert telemetry.output_queue > 60
        until(lambda: not backend.advance(0.5).stale, "the view is fresh again")
        assert backend.scale_to(6).reason is ScaleReason.OK
        finish(backend, 120)


def test_api_server_killed_and_back(cluster: Cluster, redis_server: ReachableServer) -> None:
    outages.pid_of("kube-apiserver")
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(steady(80, 4.0, 0.5), 3)
        with outages.killed("kube-apiserver"):
            assert backend.scale_to(4).reason is ScaleReason.REJECTED
            assert "workers_ready" in backend.advance(3.0).stale
        until(lambda: not backend.advance(0.5).stale, "the view is fresh again")
        assert backend.scale_to(5).accepted == 5
        finish(backend, 80)


def test_kubelet_killed(cluster: Cluster, redis_server: ReachableServer) -> None:
    outages.pid_of("kubelet")
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(steady(60, 4.0, 0.5), 3)
        with outages.killed("kubelet"):
            backend.scale_to(5)
            telemetry = backend.advance(4.0)
            assert (telemetry.workers_ready, telemetry.workers_starting) == (3, 2)
        until(lambda: backend.advance(0.5).workers_ready == 5, "new workers start after all")
        finish(backend, 60)


def test_deployment_deleted_by_hand_ends_the_episode_with_its_reason(
    cluster: Cluster, redis_server: ReachableServer
) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(steady(40, 4.0, 0.5), 3)
        cluster.api.delete(platform_of(backend)._names.deployment("worker"))
        with pytest.raises(WorkloadGone, match="was deleted by somebody else"):
            run_out(backend, 1000)


def test_a_second_controller_is_refused_and_the_first_ones_farm_lives_on(
    cluster: Cluster, redis_server: ReachableServer
) -> None:
    with cluster_farm(cluster, redis_server) as first:
        first.reset(steady(40, 4.0, 0.5), 3)
        second = kubernetes_backend(farm_config(), first._live)
        with pytest.raises(BackendError, match="is controlled by"):
            second.reset(steady(5, 1.0, 0.1), 1)
        second.close()
        finish(first, 40)
        assert first.advance(0.5).workers_ready == 3


@pytest.mark.parametrize("grace_s", [None, 0])
def test_a_pod_deleted_by_hand_is_replaced_and_its_task_done(
    cluster: Cluster, redis_server: ReachableServer, grace_s: int | None
) -> None:
    with cluster_farm(cluster, redis_server, lease_s=60.0) as backend:
        backend.reset(batch([0.0, 0.0, 0.0], 4.0), 3)
        backend.advance(1.0)
        victim = min(busy_pods(backend))
        cluster.api.delete(cluster.path("pods", victim), grace_s=grace_s)
        finish(backend, 3)
        until(lambda: backend.advance(0.5).workers_ready == 3, "another worker has come")


def test_an_evicted_worker_drains_and_is_replaced(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([0.0, 0.0], 4.0), 2)
        backend.advance(1.0)
        victim = min(busy_pods(backend))
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": victim}}
        cluster.api.post(cluster.path("pods", f"{victim}/eviction"), body)
        finish(backend, 2)
        until(lambda: backend.advance(0.5).workers_ready == 2, "another worker has come")
        assert done_once(backend.verify()) == 2


@pytest.mark.parametrize("how", ["SIGKILL", "out of memory"])
def test_a_container_that_dies_costs_its_task_a_second_delivery_and_nothing_more(
    cluster: Cluster, redis_server: ReachableServer, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster_farm(cluster, redis_server, lease_s=60.0) as backend:
        backend.reset(batch([0.0, 0.0, 0.0], 5.0), 3)
        backend.advance(1.0)
        (uid, *_) = [p["metadata"]["uid"] for p in cluster.pods() if p["metadata"]["name"] in busy_pods(backend)]
        outages.kill_container(uid) if how == "SIGKILL" else outages.starve_container(uid)
        finish(backend, 3)
        verdict = backend.verify()
        assert done_once(verdict) == 3
        assert verdict.recovered >= 1
        assert max(verdict.recovery_s) < 30
        assert ("exit code 137" if how == "SIGKILL" else "OOMKilled") in caplog.text
        until(lambda: backend.advance(0.5).workers_ready == 3, "it runs again")


def test_containers_that_die_at_once_are_told(cluster: Cluster, redis_server: ReachableServer) -> None:
    with (
        cluster_farm(cluster, redis_server, kubernetes={"worker_memory": "12Mi"}) as backend,
        pytest.raises(BackendError, match=r"CrashLoopBackOff|RunContainerError"),
    ):
        backend.reset(batch([0.0], 1.0), 1)


def test_an_image_of_another_version_is_told_by_its_own_words(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.spec = replace(backend.spec, functions=replace(backend.spec.functions, protocol="0123456789ab"))
        with pytest.raises(BackendError, match="build the image from the controller's version"):
            backend.reset(batch([0.0], 1.0), 1)


def test_an_image_that_is_not_there_is_told_at_once(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server, kubernetes={"image": "localhost/no-such-image:1"}) as backend:
        began = time.monotonic()
        with pytest.raises(BackendError, match=r"ErrImageNeverPull.*no-such-image"):
            backend.reset(batch([0.0], 1.0), 1)
        assert time.monotonic() - began < 30
    assert not [name for name in cluster.left() if name.startswith(backend.queues.farm)]


def test_redis_killed_and_started_again_with_its_file(cluster: Cluster) -> None:
    server = ReachableServer()
    try:
        with cluster_farm(cluster, server) as backend:
            backend.reset(steady(60, 4.0, 0.5), 3)
            backend.advance(3.0)
            server.kill()
            assert "worker_queue" in backend.advance(1.0).stale
            server.start()
            finish(backend, 60)
    finally:
        server.stop()
