"""The pod of the scaler, and the configuration that it reads."""

from __future__ import annotations

from base64 import b64encode

from operate.keda.exported import KedaExport, Manifest, made

#: Where the scaler listens in its pod, and where page, metrics and health are.
PORT, PAGE_PORT = 9091, 9095
#: Folders in the pod.
CONFIG, STATE, TLS = "/config", "/state", "/tls"
#: User and group of the image.
USER = 10001


def configuration(export: KedaExport) -> Manifest:
    """Return the configuration and its files; where it holds a password, as a Secret."""
    files = {name: b64encode(content).decode() for name, content in export.files.items()}
    text = {f"{export.controller}.yml": export.config}
    if export.secret:
        return made("v1", "Secret", export) | {"stringData": text} | ({"data": files} if files else {})
    return made("v1", "ConfigMap", export) | {"data": text} | ({"binaryData": files} if files else {})


def pod(export: KedaExport) -> Manifest:
    """Return the pod's specification: it may write to volumes of its own and nowhere else."""
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
