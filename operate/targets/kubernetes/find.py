"""What could be scaled in a namespace, for ``autoscale operate init``."""

from __future__ import annotations

from typing import Any

from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import InputError
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from operate.targets.kubernetes.rivals import Rival, rivals

KINDS = ("Deployment", "StatefulSet")
APPS = "/apis/apps/v1/namespaces/{}/{}"


def find(*, kubeconfig: str = "", context: str = "", namespace: str = "default") -> list[dict[str, Any]]:
    """Return settings for each Deployment and StatefulSet of a namespace, those first that somebody scales.

    What is no setting stands under ``found``: ``workers`` (wanted now), and where somebody scales it ``by``, ``min``
    and ``max``.

    Raises:
        InputError: the kubeconfig or the context that is named cannot be used; without one there is just no cluster.
        BackendError: the cluster does not answer, or refuses.
    """
    try:
        api = Api(KubernetesConfig(namespace=namespace, kubeconfig=kubeconfig, context=context))
    except InputError:
        if kubeconfig or context:
            raise
        return []
    named = {key: value for key, value in (("kubeconfig", kubeconfig), ("context", context)) if value}
    try:
        scaling = {each.target: each for each in _rivals(api, namespace)}
        there = _there(api, namespace)
        found = [
            {"kind": "kubernetes", "resource": f"{kind.lower()}/{name}", "namespace": namespace}
            | named
            | {"found": {"workers": workers} | _bounds(scaling.get((kind, name)))}
            for kind, name, workers in there
        ]
    finally:
        api.close()
    return sorted(found, key=lambda each: "by" not in each["found"])


def _there(api: Api, namespace: str) -> list[tuple[str, str, int]]:
    """Return kind, name and workers of what may be seen; an account that may list one kind only finds that."""
    found: list[tuple[str, str, int]] = []
    refused: list[ClusterRefused] = []
    for kind in KINDS:
        try:
            found += [(kind, *each) for each in _of_kind(api, namespace, kind)]
        except ClusterRefused as error:
            refused.append(error)
    if len(refused) == len(KINDS):
        raise refused[0]
    return found


def _of_kind(api: Api, namespace: str, kind: str) -> list[tuple[str, int]]:
    items = api.get(APPS.format(namespace, f"{kind.lower()}s"))["items"]
    return sorted((item["metadata"]["name"], int(item["spec"].get("replicas", 1))) for item in items)


def _rivals(api: Api, namespace: str) -> list[Rival]:
    """Whoever may not know who scales still finds what could be scaled."""
    try:
        return rivals(api, namespace)
    except ClusterRefused:
        return []


def _bounds(rival: Rival | None) -> dict[str, Any]:
    return {"by": f"{rival.kind} {rival.name}", "min": rival.least, "max": rival.most} if rival else {}
