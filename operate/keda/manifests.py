"""What a cluster needs so that KEDA brings our decisions about: rights, the scaler, and its ScaledObject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operate.keda.exported import KedaExport, Manifest, labels, made
from operate.keda.pod import PAGE_PORT, PORT, configuration, pod
from operate.keda.reach import CONTROLLER, REACH, Reach
from operate.targets.kubernetes import access
from operate.targets.kubernetes.scaled import Scaled
from operate.targets.kubernetes.settings import KubernetesTargetConfig

#: ``spec.behavior`` of the HPA: it must not hold back what was decided within guardrails. Without a policy it would
#: double the count at most.
RULES: Mapping[str, Any] = {
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [{"type": "Pods", "value": 100_000, "periodSeconds": 1}],
    },
    "scaleDown": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 1}],
    },
}


def rights(export: KedaExport) -> list[Manifest]:
    """Return an account that may look at the workers, and change nothing."""
    target = export.target
    group = target.api_version.rpartition("/")[0]
    scaled = Scaled(group, target.api_version.rpartition("/")[2], _plural(target), target.namespace, target.name)
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for each in access.look(scaled):
        verbs.setdefault((each.group, each.resource, each.name), []).append(each.verb)
    rules = [
        {"apiGroups": [group], "resources": [resource], **({"resourceNames": [name]} if name else {}), "verbs": allowed}
        for (group, resource, name), allowed in verbs.items()
    ]
    subject = {"kind": "ServiceAccount", "name": export.name, "namespace": target.namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": export.name}
    return [
        made("v1", "ServiceAccount", export),
        made("rbac.authorization.k8s.io/v1", "Role", export) | {"rules": rules},
        made("rbac.authorization.k8s.io/v1", "RoleBinding", export) | {"roleRef": role, "subjects": [subject]},
    ]


def scaler(export: KedaExport) -> list[Manifest]:
    """Return the scaler: its configuration, its pod, and where KEDA asks it."""
    ports = [
        {"name": "grpc", "port": PORT, "targetPort": "grpc"},
        {"name": "http", "port": PAGE_PORT, "targetPort": "http"},
    ]
    spec = {
        "replicas": 1,  # KEDA asks one; while it restarts the count stays as it is
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": labels(export)},
        "template": {"metadata": {"labels": labels(export)}, "spec": pod(export)},
    }
    return [
        configuration(export),
        made("apps/v1", "Deployment", export) | {"spec": spec},
        made("v1", "Service", export) | {"spec": {"selector": labels(export), "ports": ports}},
    ]


def scaled_object(export: KedaExport) -> list[Manifest]:
    """Return what tells KEDA to ask the scaler."""
    target, namespace = export.target, export.target.namespace
    address = f"{export.name}.{namespace}.svc.cluster.local:{PORT}"
    metadata = {"scalerAddress": address, CONTROLLER: export.controller, REACH: str(export.reach)}
    trigger: Manifest = {"type": "external-push", "metricType": "AverageValue", "metadata": metadata}
    found = []
    if export.tls_secret:
        metadata["enableTLS"] = "true"
        trigger["authenticationRef"] = {"name": export.name}
        keys = {"caCert": "ca.crt", "tlsClientCert": "tls.crt", "tlsClientKey": "tls.key"}
        refs = [{"parameter": each, "name": export.tls_secret, "key": key} for each, key in keys.items()]
        found.append(made("keda.sh/v1alpha1", "TriggerAuthentication", export) | {"spec": {"secretTargetRef": refs}})
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": target.api_version, "kind": target.object_kind, "name": target.name},
        "pollingInterval": max(1, round(export.interval_s)),
        "cooldownPeriod": 0,  # the guardrail scale_in_cooldown waits
        "minReplicaCount": export.bounds.min,
        "maxReplicaCount": export.bounds.max,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(export.reach)}},
        "triggers": [trigger],
    }
    if export.fallback is not None:
        spec["fallback"] = {"failureThreshold": export.failures, "replicas": export.fallback}
    named = {"name": export.controller, "namespace": namespace, "labels": labels(export)}
    return [*found, {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": named, "spec": spec}]


# -- inside


def _behavior(reach: Reach) -> Manifest:
    exact = {"tolerance": "0"} if reach is Reach.TOLERANCE else {}
    return {way: {**rules, **exact} for way, rules in RULES.items()}


def _plural(target: KubernetesTargetConfig) -> str:
    return f"{target.object_kind.lower()}s"
