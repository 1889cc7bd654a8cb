"""What the Kubernetes platform costs: scale-in under load, requests and CPU per decision, decision to ready.

Needs AUTOSCALE_TEST_KUBECONFIG, and builds the image first where AUTOSCALE_TEST_CLUSTER says how:
``python -m benchmarks.bench_cluster --help``.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

from autoscaling_env.testing.backend import steady
from live.backend import LiveBackend
from live.platforms.kubernetes.deaths import host_of
from tests.live.platforms.kubernetes import clusters, images
from tests.live.platforms.kubernetes.clusters import Cluster, ReachableServer, cluster_farm, platform_of

SERVICE_S = 2.0
WORKERS, REMOVED = 12, 5
STEP_S = 4.0
#: Offered load: half of the workers are busy, or all of them.
HALF, FULL = 0.5, 1.2


def main() -> None:
    """Print one JSON object per measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--removals", type=int, default=100, help="workers to remove while all are busy")
    removals = parser.parse_args().removals
    images.build_image()
    with clusters.namespace() as cluster:
        server = ReachableServer()
        try:
            print(json.dumps(scale_in(cluster, server, removals, True, FULL)), flush=True)
            for deletion_cost in (True, False):
                print(json.dumps(scale_in(cluster, server, removals // 2, deletion_cost, HALF)), flush=True)
        finally:
            server.stop()


def scale_in(
    cluster: Cluster, server: ReachableServer, removals: int, deletion_cost: bool, load: float
) -> dict[str, Any]:
    """Remove ``REMOVED`` of ``WORKERS`` workers under load until ``removals`` were removed."""
    rounds = -(-removals // REMOVED)
    per_s = load * WORKERS / SERVICE_S
    tasks = steady(int(rounds * 2 * STEP_S * per_s), per_s, SERVICE_S)
    with cluster_farm(cluster, server, kubernetes={"deletion_cost": deletion_cost}, drain_grace_s=20.0) as backend:
        backend.reset(tasks, WORKERS)
        seen = [_round(backend) for _ in range(rounds)]
        clusters.run_out(backend, len(tasks), step_s=STEP_S, real_s=300)
        verdict = backend.verify()
    return {"deletion_cost": deletion_cost, "load": load} | _summary(seen) | verdict.counts()


def _round(backend: LiveBackend) -> dict[str, Any]:
    """Remove, watch who was hit and when they were gone, then add as many."""
    platform = platform_of(backend)
    backend.advance(STEP_S / 2)
    before = {pod.name for pod in platform.pods() if not pod.leaving}
    busy = clusters.busy_pods(backend)
    calls, cpu_s, began = platform.api.calls, time.process_time(), time.monotonic()
    backend.scale_to(WORKERS - REMOVED)
    took_s, cpu_s, calls = time.monotonic() - began, time.process_time() - cpu_s, platform.api.calls - calls
    chosen = _until(lambda: {p.name for p in platform.pods() if p.leaving} & before, REMOVED)
    gone_s = _gone_s(platform, chosen, began)
    backend.advance(STEP_S / 2)
    up = time.monotonic()
    backend.scale_to(WORKERS)
    ready_s = _ready_s(backend, up)
    backend.advance(STEP_S)
    hit, idle = len(chosen & busy), len(before - busy)
    return {
        "hit": hit, "needless": max(0, hit - max(0, REMOVED - idle)), "gone_s": gone_s, "ready_s": ready_s,
        "took_s": took_s, "cpu_s": cpu_s, "calls": calls,
    }  # fmt: skip


def _until(look: Any, count: int) -> set[str]:
    found: set[str] = set()
    give_up = time.monotonic() + 10
    while len(found) < count and time.monotonic() < give_up:
        found |= look()
        time.sleep(0.002)
    return found


def _gone_s(platform: Any, chosen: set[str], began: float) -> list[float]:
    gone: dict[str, float] = {}
    while len(gone) < len(chosen):
        there = {pod.name for pod in platform.pods()}
        gone |= {name: time.monotonic() - began for name in chosen - there - gone.keys()}
        time.sleep(0.01)
    return list(gone.values())


def _ready_s(backend: LiveBackend, began: float) -> float:
    while True:
        registered = {host_of(name) for name in backend.queues.heartbeats()}
        alive = {pod.name for pod in platform_of(backend).pods() if not pod.leaving}
        if len(registered & alive) == WORKERS:
            return time.monotonic() - began
        time.sleep(0.02)


def _summary(seen: list[dict[str, Any]]) -> dict[str, Any]:
    gone_s = np.concatenate([each["gone_s"] for each in seen])
    p = {name: [float(each[name]) for each in seen] for name in ("ready_s", "took_s", "cpu_s", "calls")}
    return {
        "removed": len(gone_s),
        "busy_hit": sum(each["hit"] for each in seen),
        "busy_hit_needlessly": sum(each["needless"] for each in seen),  # while an idle one stayed
        "gone_s": _quantiles(gone_s),
        "five_more_ready_s": _quantiles(p["ready_s"]),
        "scale_to_s": _quantiles(p["took_s"]),
        "cpu_per_removal_of_five_s": float(np.mean(p["cpu_s"])),
        "requests_per_removal_of_five": float(np.mean(p["calls"])),
    }


def _quantiles(values: Any) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 3) for q in (50, 95, 99)}


if __name__ == "__main__":
    main()
