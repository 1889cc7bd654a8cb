"""What a cluster needs so that KEDA brings our decisions about: rights, the scaler, and its ScaledObject."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

from autoscaling_env.config.yaml import dumped
from operate.config import BoundsConfig
from operate.keda.reach import Reach
from operate.keda.service import CONTROLLER, REACH
from operate.targets.kubernetes import access
from operate.targets.kubernetes.scaled import Scaled
from operate.targets.kubernetes.settings import KubernetesTargetConfig

Manifest = dict[str, Any]

#: Where the scaler listens in its pod, and where page, metrics and health are.
PORT, PAGE_PORT = 9091, 9095
#: Folders in the pod.
CONFIG, STATE, TLS = "/config", "/state", "/tls"
#: Stands in YAML where text of several lines will.
_PLACE = "as-it-is"
#: User and group of the image.
USER = 10001
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KedaExport:
    """What is written.

    Attributes:
        name: of everything that is the scaler's.
        controller: name of the controller, and of the ScaledObject.
        target: whose count it is.
        bounds: of the count.
        interval_s: between decisions.
        config: the controller's YAML as its pod reads it.
        secret: it holds a password.
        files: what it names besides, by name.
        image: with the command line and the extra ``keda``.
        reach: what the HPA is like.
        fallback: replicas while the scaler tells that there is no decision; None: the count stays.
        failures: after so many failures in a row.
        tls_secret: Secret with ``tls.crt``, ``tls.key`` and ``ca.crt``, for both sides; "": no TLS.
    """

    name: str
    controller: str
    target: KubernetesTargetConfig
    bounds: BoundsConfig
    interval_s: float
    config: str
    image: str
    secret: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)
    reach: Reach = Reach.DETOUR
    fallback: int | None = None
    failures: int = 3
    tls_secret: str = ""


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
        _made("v1", "ServiceAccount", export),
        _made("rbac.authorization.k8s.io/v1", "Role", export) | {"rules": rules},
        _made("rbac.authorization.k8s.io/v1", "RoleBinding", export) | {"roleRef": role, "subjects": [subject]},
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
        "selector": {"matchLabels": _labels(export)},
        "template": {"metadata": {"labels": _labels(export)}, "spec": _pod(export)},
    }
    return [
        _configuration(export),
        _made("apps/v1", "Deployment", export) | {"spec": spec},
        _made("v1", "Service", export) | {"spec": {"selector": _labels(export), "ports": ports}},
    ]


def written(manifests: Sequence[Manifest]) -> str:
    """Return manifests as YAML; text of several lines stands there as it is, to be read and changed."""
    return "---\n".join(map(_written, manifests))


def scaled_object(export: KedaExport) -> list[Manifest]:
    """Return what tells KEDA to ask the scaler."""
    target, namespace = export.target, export.target.namespace
    address = f"{export.name}.{namespace}.svc.cluster.local:{PORT}"
    metadata = {"scalerAddress": address, CONTROLLER: export.controller, REACH: str(export.reach)}
    trigger: Manifest = {"type": "external-push", "metricType": "AverageValue", "metadata": metadata}
    made = []
    if export.tls_secret:
        metadata["enableTLS"] = "true"
        trigger["authenticationRef"] = {"name": export.name}
        keys = {"caCert": "ca.crt", "tlsClientCert": "tls.crt", "tlsClientKey": "tls.key"}
        refs = [{"parameter": each, "name": export.tls_secret, "key": key} for each, key in keys.items()]
        made.append(_made("keda.sh/v1alpha1", "TriggerAuthentication", export) | {"spec": {"secretTargetRef": refs}})
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
    named = {"name": export.controller, "namespace": namespace, "labels": _labels(export)}
    return [*made, {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": named, "spec": spec}]


# -- inside


def _written(manifest: Manifest) -> str:
    kept: dict[str, str] = {}
    shown = dict(manifest)
    for section in {"data", "stringData"} & manifest.keys():
        shown[section] = {
            name: kept.setdefault(name, text) and _PLACE if "\n" in text else text
            for name, text in manifest[section].items()
        }
    text = dumped(shown)
    for name, content in kept.items():
        text = text.replace(f"  {name}: {_PLACE}\n", f"  {name}: |\n{indent(content, '    ')}")
    return text


def _behavior(reach: Reach) -> Manifest:
    exact = {"tolerance": "0"} if reach is Reach.TOLERANCE else {}
    return {way: {**rules, **exact} for way, rules in RULES.items()}


def _plural(target: KubernetesTargetConfig) -> str:
    return f"{target.object_kind.lower()}s"


def _labels(export: KedaExport) -> dict[str, str]:
    return {"app.kubernetes.io/name": export.name, "app.kubernetes.io/part-of": "openfaas-autoscaling"}


def _made(version: str, kind: str, export: KedaExport) -> Manifest:
    metadata = {"name": export.name, "namespace": export.target.namespace, "labels": _labels(export)}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _configuration(export: KedaExport) -> Manifest:
    """Return the configuration and its files; where it holds a password, as a Secret."""
    files = {name: b64encode(content).decode() for name, content in export.files.items()}
    text = {f"{export.controller}.yml": export.config}
    if export.secret:
        return _made("v1", "Secret", export) | {"stringData": text} | ({"data": files} if files else {})
    return _made("v1", "ConfigMap", export) | {"data": text} | ({"binaryData": files} if files else {})


def _pod(export: KedaExport) -> Manifest:
    config: Manifest = (
        {"secret": {"secretName": export.name}} if export.secret else {"configMap": {"name": export.name}}
    )
    volumes: list[Manifest] = [
        {"name": "config", **config},
        {"name": "state", "emptyDir": {"sizeLimit": "2Gi"}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}},
    ]
    if export.tls_secret:
        volumes.append({"name": "tls", "secret": {"secretName": export.tls_secret}})
    security = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER, "fsGroup": USER}
    return {
        "serviceAccountName": export.name,
        "securityContext": security | {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(export)],
        "volumes": volumes,
    }


def _container(export: KedaExport) -> Manifest:
    words = ["keda-scaler", f"{CONFIG}/{export.controller}.yml", "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - a pod's
    mounts: list[Manifest] = [
        {"name": "config", "mountPath": CONFIG, "readOnly": True},
        {"name": "state", "mountPath": STATE},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
    ]
    ready: Manifest = {"grpc": {"port": PORT}}
    if export.tls_secret:
        words += ["--tls-cert", f"{TLS}/tls.crt", "--tls-key", f"{TLS}/tls.key", "--tls-client-ca", f"{TLS}/ca.crt"]
        mounts.append({"name": "tls", "mountPath": TLS, "readOnly": True})
        ready = {"tcpSocket": {"port": "grpc"}}  # the kubelet's gRPC speaks no TLS
    alive = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10, "failureThreshold": 6}
    return {
        "name": "scaler",
        "image": export.image,
        "args": words,
        "ports": [{"name": "grpc", "containerPort": PORT}, {"name": "http", "containerPort": PAGE_PORT}],
        "readinessProbe": {**ready, "periodSeconds": 5},
        "livenessProbe": alive | {"initialDelaySeconds": 60},
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }
