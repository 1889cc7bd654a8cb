"""The farm's objects as Kubernetes wants them: an owner, and a Deployment each for emitter, collector and workers."""

from __future__ import annotations

import math
from dataclasses import replace

from autoscaling_env.config.kubernetes import KubernetesConfig
from live.functions.settings import FunctionSettings
from live.platforms.kubernetes.client import Json
from live.platforms.kubernetes.names import EPISODE, GATE, RUN, Names

#: Where health and readiness are answered.
PORT = 8080
#: A pod gets this much longer to leave than its worker gives the task in hand.
LEAVING_S = 5
#: The user of the image.
USER = 10001
SECRET_DIRECTORY = "/var/run/secrets/redis"  # noqa: S105 - a place, not a password

#: What the Pod Security Standard `restricted` wants of a container.
RESTRICTED: Json = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def anchor(names: Names) -> Json:
    """Return the object that owns the farm: when it is deleted, Kubernetes deletes all the rest."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.anchor, "namespace": names.namespace, "labels": names.labels("owner")},
        "data": {"farm": names.farm},
    }


def deployment(
    names: Names,
    role: str,
    config: KubernetesConfig,
    settings: FunctionSettings,
    owner_uid: str,
    *,
    run: str = "",
) -> Json:
    """Return the Deployment of ``role``, made by ``run``; of workers none is wanted at first.

    Old pods end before new ones start (``Recreate``), so the workers of two episodes never mix.
    """
    worker = role == "worker"
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": names.of(role),
            "namespace": names.namespace,
            "labels": names.labels(role) | ({RUN: run} if run else {}),
            "ownerReferences": [_owner(names, owner_uid)],
        },
        "spec": {
            "replicas": 0 if worker else 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": names.labels(role)},
            "revisionHistoryLimit": 0,
            "progressDeadlineSeconds": 600,
            "template": {
                "metadata": {"labels": names.labels(role) | ({EPISODE: "0"} if worker else {})},
                "spec": pod_spec(role, config, settings),
            },
        },
    }


def next_episode(number: str, *, gated: bool) -> Json:
    """Return the patch that makes all workers be replaced by those of episode ``number``."""
    gates = [{"name": GATE}] if gated else None
    return {"spec": {"template": {"metadata": {"labels": {EPISODE: number}}, "spec": {"schedulingGates": gates}}}}


def grace_s(settings: FunctionSettings) -> int:
    """Return how long a pod may take to leave: its worker's grace for the task in hand, and a little more."""
    return math.ceil(settings.drain_grace_s) + LEAVING_S


def _owner(names: Names, uid: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": names.anchor, "uid": uid}


def pod_spec(role: str, config: KubernetesConfig, settings: FunctionSettings) -> Json:
    """Return what a pod of ``role`` runs.

    With a shared process namespace the function is not process 1, so SIGTERM ends it also while it starts.
    """
    pod: Json = {
        "terminationGracePeriodSeconds": grace_s(settings),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": True,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(role, config, settings)],
    }
    if config.redis_secret:
        items = [{"key": "password", "path": "password"}]
        pod["volumes"] = [{"name": "redis", "secret": {"secretName": config.redis_secret, "items": items}}]
    return pod


def _container(role: str, config: KubernetesConfig, settings: FunctionSettings) -> Json:
    secret = f"{SECRET_DIRECTORY}/password" if config.redis_secret else ""
    settings = replace(settings, name="", http_port=PORT, password_file=secret)
    container: Json = {
        "name": role,
        "image": config.image,
        "imagePullPolicy": config.image_pull_policy,
        "args": [f"live.functions.{role}"],
        "env": [{"name": name, "value": value} for name, value in settings.environment().items()],
        "ports": [{"name": "probes", "containerPort": PORT, "protocol": "TCP"}],
        "resources": _resources(config),
        "securityContext": RESTRICTED,
        "terminationMessagePolicy": "FallbackToLogsOnError",  # why it ended, for whoever looks at the pod
        "livenessProbe": _probe("/healthz", 10, 3) | {"initialDelaySeconds": 5},
    }
    if role != "worker":  # unready workers would be removed before idle ones, whatever their deletion cost
        container["startupProbe"] = _probe("/readyz", 1, 600)
    if config.redis_secret:
        container["volumeMounts"] = [{"name": "redis", "mountPath": SECRET_DIRECTORY, "readOnly": True}]
    return container


def _probe(path: str, period_s: int, failures: int) -> Json:
    return {
        "httpGet": {"path": path, "port": "probes"},
        "periodSeconds": period_s,
        "timeoutSeconds": 1,
        "failureThreshold": failures,
    }


def _resources(config: KubernetesConfig) -> Json:
    """Memory is limited, CPU is not: a throttled worker would be slower than the tasks say."""
    return {
        "requests": {"cpu": config.worker_cpu, "memory": config.worker_memory},
        "limits": {"memory": config.worker_memory},
    }
