"""A service account with the rights of deploy/kubernetes/base/rbac.yaml, or with one verb fewer."""

from __future__ import annotations

import base64
import uuid
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from live.platforms.kubernetes.access import Permission
from tests.live.platforms.kubernetes.clusters import Cluster
from tests.live.platforms.kubernetes.fake_server import write_kubeconfig
from tests.places import ROOT

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def documents(path: str) -> list[dict[str, Any]]:
    """Read the objects of a manifest below deploy/kubernetes."""
    text = (ROOT / "deploy/kubernetes" / path).read_text()
    return [document for document in YAML(typ="safe", pure=True).load_all(text) if document]


def rules(*, doctor: bool = True) -> list[dict[str, Any]]:
    """Return the rules of the manifest's roles."""
    names = {"autoscale-controller"} | ({"autoscale-doctor"} if doctor else set())
    roles = [each for each in documents("base/rbac.yaml") if each["kind"] == "Role"]
    return [rule for role in roles if role["metadata"]["name"] in names for rule in role["rules"]]


def without(granted: list[dict[str, Any]], missing: Permission) -> list[dict[str, Any]]:
    """Return the rules less one verb on one resource."""
    left = []
    for rule in granted:
        hit = missing.resource in rule["resources"] and missing.group in rule["apiGroups"]
        verbs = [verb for verb in rule["verbs"] if not (hit and verb == missing.verb)]
        if verbs:
            left.append(rule | {"verbs": verbs})
    return left


def account(cluster: Cluster, granted: list[dict[str, Any]], folder: Path) -> Path:
    """Create a service account with these rules; return a kubeconfig with its token."""
    name = f"tester-{uuid.uuid4().hex[:6]}"
    cluster.create("serviceaccounts", {"metadata": {"name": name}})
    set_rules(cluster, name, granted)
    subject = {"kind": "ServiceAccount", "name": name, "namespace": cluster.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    cluster.create("rolebindings", binding, group=RBAC)
    return renew(cluster, name, folder / f"{name}.kubeconfig")


def set_rules(cluster: Cluster, name: str, granted: list[dict[str, Any]]) -> None:
    """Give the account exactly these rules."""
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": granted}
    cluster.api.apply(cluster.path("roles", name, group=RBAC), role)


def renew(cluster: Cluster, name: str, file: Path) -> Path:
    """Write a fresh token into the kubeconfig."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = cluster.api.post(cluster.path("serviceaccounts", f"{name}/token"), request)
    settings = cluster.api._client.configuration
    authority = base64.b64encode(Path(settings.ssl_ca_cert).read_bytes()).decode()
    return write_kubeconfig(file, cluster.api.server, answer["status"]["token"], authority)
