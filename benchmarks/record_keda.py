"""What a real KEDA and the real HPA decide on Redis lists of known length: a recording to hold our policy against.

    python -m benchmarks.record_keda --kubeconfig FILE --redis HOST:PORT --image IMAGE > recording.json

Needs a test cluster with KEDA, an image that waits for ever, and a Redis that pods reach at that address. Makes a
namespace of its own and deletes it. Three ScaledObjects watch lists of the same lengths: ``live`` (KEDA's defaults),
``cached`` (useCachedMetrics) and ``zero`` (minReplicaCount 0). Recorded are, in seconds after each ScaledObject's
creation, every query of its list by KEDA and every change of the Deployment's ``spec.replicas``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import Any

import redis

NAMESPACE = "record-keda"
#: Seconds from the start -> length of the lists.
LENGTHS = {0: 40, 80: 95, 140: 12, 210: 60, 270: 0}
DURATION_S = 370
#: Name -> what is special about the ScaledObject.
OBJECTS: dict[str, dict[str, Any]] = {"live": {}, "cached": {"cached": True}, "zero": {"minimum": 0}}
WINDOW_S = 30


def main() -> None:
    """Record, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option in ("--kubeconfig", "--redis", "--image"):
        parser.add_argument(option, required=True)
    arguments = parser.parse_args()
    host, port = arguments.redis.rsplit(":", 1)
    client = redis.Redis(host=host, port=int(port), socket_timeout=None)
    kubectl = Kubectl(arguments.kubeconfig)
    try:
        kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        set_lengths(client, LENGTHS[0])
        print(json.dumps(recorded(kubectl, client, arguments.redis, arguments.image), indent=1))
    finally:
        kubectl.run("delete", "namespace", NAMESPACE, "--wait=true")


def recorded(kubectl: Kubectl, client: redis.Redis, address: str, image: str) -> dict[str, Any]:
    """Let the schedule pass; return what was seen of every ScaledObject."""
    for name in OBJECTS:
        kubectl.apply(deployment(name, image))
    time.sleep(5)
    queries: list[tuple[float, str]] = []
    threading.Thread(target=listen, args=(client, queries), daemon=True).start()
    for name, special in OBJECTS.items():
        kubectl.apply(scaled_object(name, address, **special))
    begin_s = time.time()
    changes, lengths_s = watched(kubectl, client, begin_s)
    created_s = {name: kubectl.created_s(name) for name in OBJECTS}
    return {
        name: {
            "lengths": [[round(at_s - created, 2), length] for at_s, length in lengths_s],
            "queries": [round(at_s - created, 2) for at_s, seen in queries if seen == f"tasks:{name}"],
            "replicas": [[round(at_s - created, 2), count] for at_s, count in changes[name]],
        }
        for name, created in created_s.items()
    }


def watched(
    kubectl: Kubectl, client: redis.Redis, begin_s: float
) -> tuple[dict[str, list[tuple[float, int]]], list[tuple[float, int]]]:
    """Set the lengths when they are due; return (time, replicas) of every change, and (time, length)."""
    due, lengths_s = sorted(LENGTHS), [(begin_s, LENGTHS[0])]
    changes: dict[str, list[tuple[float, int]]] = {name: [] for name in OBJECTS}
    while time.time() < begin_s + DURATION_S:
        now_s = time.time()
        if due[1:] and now_s >= begin_s + due[1]:
            due.pop(0)
            set_lengths(client, LENGTHS[due[0]])
            lengths_s.append((now_s, LENGTHS[due[0]]))
            print(f"{now_s - begin_s:.0f} s: lists of {LENGTHS[due[0]]}", file=sys.stderr)
        for name, replicas in kubectl.replicas().items():
            if not changes[name] or changes[name][-1][1] != replicas:
                changes[name].append((now_s, replicas))
        time.sleep(0.25)
    return changes, lengths_s


def set_lengths(client: redis.Redis, length: int) -> None:
    """Make every list that long."""
    with client.pipeline() as pipeline:
        for name in OBJECTS:
            pipeline.delete(f"tasks:{name}")
            if length:
                pipeline.rpush(f"tasks:{name}", *range(length))
        pipeline.execute()


def listen(client: redis.Redis, queries: list[tuple[float, str]]) -> None:
    """Note every time KEDA asks for a list's length (in a Lua script that calls LLEN)."""
    with client.monitor() as monitor:
        for command in monitor.listen():
            words = command["command"].split()
            if words[0].upper() == "LLEN":
                queries.append((command["time"], words[1]))


class Kubectl:
    """The few commands needed."""

    def __init__(self, kubeconfig: str) -> None:
        self.command = ["kubectl", "--kubeconfig", kubeconfig]

    def run(self, *words: str, given: str | None = None) -> str:
        """Run it; return its output."""
        command = [*self.command, *words]
        return subprocess.run(command, input=given, text=True, capture_output=True, check=True).stdout  # noqa: S603 - ours

    def apply(self, manifest: dict[str, Any]) -> None:
        """Make an object."""
        self.run("apply", "-f", "-", given=json.dumps(manifest))

    def replicas(self) -> dict[str, int]:
        """Return spec.replicas of every Deployment."""
        found = json.loads(self.run("-n", NAMESPACE, "get", "deployments", "-o", "json"))
        return {item["metadata"]["name"]: item["spec"]["replicas"] for item in found["items"]}

    def created_s(self, name: str) -> float:
        """Return when a ScaledObject was made (whole seconds)."""
        path = "jsonpath={.metadata.creationTimestamp}"
        text = self.run("-n", NAMESPACE, "get", "scaledobject", name, "-o", path)
        return datetime.fromisoformat(text).timestamp()


def deployment(name: str, image: str) -> dict[str, Any]:
    """Return a Deployment of one pod that waits."""
    container = {"name": "waits", "image": image, "imagePullPolicy": "Never"}
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def scaled_object(name: str, address: str, *, cached: bool = False, minimum: int = 1) -> dict[str, Any]:
    """Return a ScaledObject on a list, five entries a pod, that scales down after ``WINDOW_S``."""
    metadata = {"address": address, "listName": f"tasks:{name}", "listLength": "5"}
    behavior = {"scaleDown": {"stabilizationWindowSeconds": WINDOW_S}}
    spec = {
        "scaleTargetRef": {"name": name},
        "minReplicaCount": minimum,
        "maxReplicaCount": 32,
        "cooldownPeriod": 40,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": behavior}},
        "triggers": [{"type": "redis", "useCachedMetrics": cached, "metadata": metadata}],
    }
    where = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": where, "spec": spec}


if __name__ == "__main__":
    main()
