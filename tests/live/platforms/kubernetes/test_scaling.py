"""Who is removed, who else scales, and that nothing is lost while workers come and go."""

from __future__ import annotations

import pytest

from autoscaling_env.reasons import ScaleReason
from autoscaling_env.testing.backend import batch, steady
from live.platforms.kubernetes.names import DELETION_COST, Names
from live.probing import measure_platform
from tests.live.farms import done_once
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


def test_idle_workers_are_removed_and_busy_ones_left_alone(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([0.0] * 4, 8.0), 8)
        backend.advance(1.0)
        busy = busy_pods(backend)
        assert len(busy) == 4
        assert backend.scale_to(4).reason is ScaleReason.OK
        backend.advance(3.0)
        assert {pod.name for pod in platform_of(backend).pods() if not pod.leaving} == busy
        run_out(backend, 4)
        assert done_once(backend.verify()) == 4


def test_the_busy_worker_that_is_free_first_goes_first(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([0.0] * 3, [9.0, 5.0, 9.0]), 3)
        backend.advance(1.0)
        backend.scale_to(2)
        telemetry = backend.advance(2.5)
        assert (telemetry.workers_draining, telemetry.workers_busy) == (1, 2)
        pods = platform_of(backend).pods()
        (leaving,) = [pod.name for pod in pods if pod.leaving]
        run_out(backend, 3)
        assert backend.outcomes().workers[1].startswith(leaving)


def test_twenty_removals_of_busy_workers_lose_nothing(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server, drain_grace_s=20.0) as backend:
        tasks = steady(200, 8.0, 1.0)
        backend.reset(tasks, 10)
        for workers in (5, 10, 5, 10, 5, 10, 5):
            backend.scale_to(workers)
            backend.advance(3.0)
        backend.scale_to(10)
        run_out(backend, len(tasks))
        verdict = backend.verify()
        assert (verdict.ok, verdict.lost, verdict.duplicated) == (200, 0, 0), verdict.problems


def test_a_cost_that_is_no_longer_meant_is_taken_back(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([60.0], 0.1), 4)
        platform = platform_of(backend)
        marked = platform.pods()[0].name
        path = cluster.path("pods", marked)
        cluster.api.patch(path, {"metadata": {"annotations": {DELETION_COST: "-9"}}})
        until(lambda: any(pod.cost == -9 for pod in platform.pods()), "the mark is seen")
        backend.scale_to(2)
        until(lambda: len(platform.pods()) == 2, "two workers are gone")
        assert all(pod.cost == 0 for pod in platform.pods())


def test_keeping_the_count_asks_the_server_nothing(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([60.0], 0.1), 2)
        api = platform_of(backend).api
        before = api.calls
        for _ in range(5):
            backend.scale_to(2)
        assert api.calls - before <= 2  # a watch may have been renewed
        before = api.calls
        backend.scale_to(3)
        assert 1 <= api.calls - before <= 3


def test_somebody_else_scales_and_is_named(
    cluster: Cluster, redis_server: ReachableServer, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(batch([60.0], 0.1), 2)
        names = platform_of(backend)._names
        scale = f"{names.scale}?fieldManager=kubectl-scale"
        cluster.api._send("PATCH", scale, 5.0, {"spec": {"replicas": 5}}, "application/merge-patch+json")
        telemetry = backend.advance(1.0)
        assert telemetry.workers_requested == 5
        assert "kubectl-scale changed the workers from 2 to 5" in caplog.text
        outcome = backend.scale_to(4)
        assert (outcome.accepted, outcome.reason) == (4, ScaleReason.CLAMPED_BY_PLATFORM)
        assert "kubectl-scale" in outcome.detail
        assert backend.scale_to(3).reason is ScaleReason.OK


def test_a_real_hpa_on_the_same_workers_is_found_and_named(
    cluster: Cluster, redis_server: ReachableServer, caplog: pytest.LogCaptureFixture
) -> None:
    with cluster_farm(cluster, redis_server) as backend:
        backend.reset(steady(60, 4.0, 0.2), 2)
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": platform_of(backend)._names.of("worker")}
        half = {"type": "Utilization", "averageUtilization": 50}
        metric = {"type": "Resource", "resource": {"name": "cpu", "target": half}}
        spec = {"scaleTargetRef": target, "minReplicas": 4, "maxReplicas": 6, "metrics": [metric]}
        hpa = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "rival"}}
        cluster.create("horizontalpodautoscalers", hpa | {"spec": spec}, group="/apis/autoscaling/v2")
        try:
            until(lambda: backend.advance(1.0).workers_requested == 4, "the HPA raises the count")
            assert "kube-controller-manager (a HorizontalPodAutoscaler) changed the workers from 2 to 4" in caplog.text
            assert backend.scale_to(3).reason is ScaleReason.CLAMPED_BY_PLATFORM
        finally:
            cluster.api.delete(cluster.path("horizontalpodautoscalers", "rival", group="/apis/autoscaling/v2"))
        run_out(backend, 60)
        assert done_once(backend.verify()) == 60


def test_start_and_leaving_times_are_measured_and_kept_with_the_platforms_name(
    cluster: Cluster, redis_server: ReachableServer
) -> None:
    with cluster_farm(cluster, redis_server, startup="real") as backend:
        times = measure_platform(backend, more=2, rounds=2)
    assert times.platform == "kubernetes"
    assert len(times.startup_s) == len(times.drain_s) == 4
    assert (times.startup_s > 0.1).all()
    assert (times.drain_s > 0.01).all()


def test_a_quota_refuses_pods_and_is_told(
    own_namespace: Cluster, redis_server: ReachableServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_namespace.create("resourcequotas", {"metadata": {"name": "few"}, "spec": {"hard": {"pods": "4"}}})
    with cluster_farm(own_namespace, redis_server) as backend:
        backend.reset(steady(20, 4.0, 0.2), 2)
        backend.scale_to(5)
        telemetry = backend.advance(3.0)
        assert (telemetry.workers_requested, telemetry.workers_ready, telemetry.workers_starting) == (5, 2, 3)
        assert "exceeded quota" in caplog.text
        run_out(backend, 20)
        assert done_once(backend.verify()) == 20


def test_external_control_is_only_watched(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server, kubernetes={"control": "external"}) as backend:
        backend.reset(batch([60.0], 0.1), 2)
        names: Names = platform_of(backend)._names
        cluster.api.patch(names.scale, {"spec": {"replicas": 4}})
        assert backend.advance(2.0).workers_requested == 4
        outcome = backend.scale_to(1)
        assert (outcome.requested, outcome.accepted) == (1, 4)
        assert outcome.reason is ScaleReason.CLAMPED_BY_PLATFORM
        assert "only observed" in outcome.detail
        assert backend.advance(1.0).workers_requested == 4


def test_configured_start_up_delays_are_kept_pod_by_pod(cluster: Cluster, redis_server: ReachableServer) -> None:
    with cluster_farm(cluster, redis_server, farm=farm_config(startup_s=4.0)) as backend:
        backend.reset(batch([60.0], 0.1), 2)
        backend.scale_to(5)
        assert backend.advance(2.0).workers_starting == 3
        until(lambda: backend.advance(0.2).workers_starting == 0, "all are ready")
        starts = backend.start_log()
        took_s = starts.ready_s - starts.asked_s
        assert len(took_s) == 3
        assert (took_s > 3.0).all()
