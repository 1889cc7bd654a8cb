"""What `operate check` and `operate init` find on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.errors import InputError
from autoscaling_env.farm_kind import Finding
from live.platforms.kubernetes.access import Permission
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from operate.targets.kubernetes.examine import ELSE, examine
from operate.targets.kubernetes.find import find
from tests.live.platforms.kubernetes.clusters import Cluster, cluster_config, kubeconfig
from tests.operate.targets.kubernetes.accounts import account
from tests.operate.targets.kubernetes.deployments import Workers
from tests.waiting import until

pytestmark = pytest.mark.cluster

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KEDA = "/apis/keda.sh/v1alpha1"


def hpa(workers: Workers) -> str:
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": workers.name},
        "minReplicas": 2, "maxReplicas": 7, "metrics": [{"type": "Resource", "resource": metric}],
    }  # fmt: skip
    name = f"hpa-{workers.name}"
    body = {"metadata": {"name": name}, "spec": spec}
    workers.cluster.create("horizontalpodautoscalers", body, group="/apis/autoscaling/v2")
    return name


def who_else(workers: Workers, *, acting: bool) -> Finding:
    (found,) = [each for each in examine(workers.config(), acting) if each.what == ELSE]
    return found


def test_an_hpa_is_found_with_what_follows(workers: Workers) -> None:
    assert who_else(workers, acting=True) == Finding(ELSE, True, "nobody else")
    name = hpa(workers)
    shadow, acting = who_else(workers, acting=False), who_else(workers, acting=True)
    assert shadow.ok
    assert shadow.detail.startswith(f"HorizontalPodAutoscaler {name} (2 to 7 workers)")
    assert not acting.ok
    assert "both would write the count" in acting.detail
    assert acting.remedy.endswith(f"kubectl -n {workers.cluster.namespace} delete hpa {name}")


@pytest.fixture
def keda(jobs: Cluster) -> Iterator[None]:
    """ScaledObjects as KEDA defines them, where there is no KEDA; nobody acts on them."""
    api = Api(cluster_config("default"))
    made = False
    try:
        api.get(KEDA)
    except ClusterRefused:
        names = {"plural": "scaledobjects", "kind": "ScaledObject", "listKind": "ScaledObjectList"}
        crd(api, "keda.sh", "v1alpha1", names)
        made = True
    yield
    if made:
        api.delete(f"{CRDS}/scaledobjects.keda.sh")
    api.close()


def crd(api: Api, group: str, version: str, names: dict[str, str], **subresources: Any) -> None:
    """Define a kind that takes anything, and wait until the server offers it."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    offered = {
        "name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": anything},
        "subresources": subresources,
    }  # fmt: skip
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [offered]}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names['plural']}.{group}"}, "spec": spec,
    }  # fmt: skip
    api.post(CRDS, body)
    until(lambda: _offered(api, f"/apis/{group}/{version}", names["plural"]), "the kind is offered")


def _offered(api: Api, path: str, plural: str) -> bool:
    """Return whether discovery tells of a kind, and it can be listed: the one comes before the other."""
    try:
        return bool(api.get(path)["resources"]) and api.get(f"{path}/{plural}")["items"] == []
    except ClusterRefused:
        return False


def test_a_scaled_object_is_found_unless_it_is_paused(workers: Workers, keda: None) -> None:
    body: dict[str, Any] = {
        "apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": f"keda-{workers.name}"},
        "spec": {
            "scaleTargetRef": {"name": workers.name}, "minReplicaCount": 1, "maxReplicaCount": 9,
            "triggers": [{"type": "cron", "metadata": {
                "timezone": "UTC", "start": "0 0 * * *", "end": "59 23 * * *", "desiredReplicas": "1"}}],
        },
    }  # fmt: skip
    path = workers.cluster.path("scaledobjects", f"keda-{workers.name}", group=KEDA)
    workers.cluster.api.apply(path, body)  # a server that has just made a kind may answer late
    found = who_else(workers, acting=True)
    assert not found.ok
    assert f"ScaledObject keda-{workers.name} (1 to 9 workers)" in found.detail
    assert who_else(workers, acting=False).ok
    workers.cluster.api.patch(path, {"metadata": {"annotations": {"autoscaling.keda.sh/paused": "true"}}})
    until(lambda: who_else(workers, acting=True).ok, "the pause is seen")
    workers.cluster.api.delete(path)


def test_what_is_not_there_is_said_with_a_remedy(workers: Workers) -> None:
    for resource in ("deployment/nobody", "example.org/v1/Crawler/x", "apps/v1/Nothing/x", "apps/v1/DaemonSet/x"):
        (bad,) = [each for each in examine(workers.config(resource=resource), False) if not each.ok]
        assert bad.what == "what is scaled"
        assert bad.remedy


def test_init_finds_what_could_be_scaled_and_its_bounds(workers: Workers) -> None:
    other = Workers(workers.cluster)
    name = hpa(workers)
    namespace = workers.cluster.namespace
    first, *rest = find(kubeconfig=kubeconfig(), namespace=namespace)
    other.delete()
    assert first == {
        "kind": "kubernetes", "resource": f"deployment/{workers.name}", "namespace": namespace,
        "kubeconfig": kubeconfig(),
        "found": {"workers": 0, "by": f"HorizontalPodAutoscaler {name}", "min": 2, "max": 7},
    }  # fmt: skip
    assert {"workers": 0} in [each["found"] for each in rest if each["resource"] == f"deployment/{other.name}"]
    with pytest.raises(InputError, match="no-such-file"):
        find(kubeconfig="no-such-file")


def test_init_finds_what_an_account_may_see_and_says_so_where_that_is_nothing(workers: Workers, tmp_path: Path) -> None:
    one, none = (Permission("list", group, what, "") for group, what in (("apps", "deployments"), ("", "pods")))
    namespace = workers.cluster.namespace
    for place in ("one", "none"):
        (tmp_path / place).mkdir()
    seeing = account(workers.cluster, [one], tmp_path / "one")
    found = find(kubeconfig=str(seeing), namespace=namespace)
    assert f"deployment/{workers.name}" in {each["resource"] for each in found}
    blind = account(workers.cluster, [none], tmp_path / "none")
    with pytest.raises(ClusterRefused, match="deployments"):
        find(kubeconfig=str(blind), namespace=namespace)
