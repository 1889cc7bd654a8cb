"""Who else scales an object: HorizontalPodAutoscalers and KEDA's ScaledObjects."""

from __future__ import annotations

from dataclasses import dataclass

from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.errors import ClusterRefused

HPAS = "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1"
#: KEDA's mark on the HPAs that it makes; it is their ScaledObject that counts.
OWNED = "scaledobject.keda.sh/name"
PAUSED = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody who scales an object by itself.

    Attributes:
        kind: ``HorizontalPodAutoscaler`` or ``ScaledObject``.
        name: of it.
        target: kind and name of what it scales.
        least: workers it never goes below.
        most: workers it never goes above.
        remedy: how to have it scale no more.
    """

    kind: str
    name: str
    target: tuple[str, str]
    least: int
    most: int
    remedy: str

    @property
    def shown(self) -> str:
        """As a reader is told."""
        return f"{self.kind} {self.name} ({self.least} to {self.most} workers)"


def rivals(api: Api, namespace: str) -> list[Rival]:
    """Return everybody in the namespace who scales something, paused ones left out.

    Raises:
        BackendError: they cannot be listed.
    """
    found = [_hpa(each) for each in api.get(HPAS.format(namespace))["items"]]
    scaled = [_scaled_object(each) for each in _scaled_objects(api, namespace) if not _paused(each)]
    names = {each.name for each in scaled}
    return [rival for owner, rival in found if owner not in names] + scaled


def _scaled_objects(api: Api, namespace: str) -> list[Json]:
    """Return KEDA's, none where there is no KEDA: asked first, since what is not there is refused as forbidden."""
    try:
        api.get(KEDA)
    except ClusterRefused as error:
        if error.status == 404:
            return []
        raise
    items: list[Json] = api.get(f"{KEDA}/namespaces/{namespace}/scaledobjects")["items"]
    return items


def _paused(item: Json) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    return any(annotations.get(each, "false") != "false" for each in PAUSED)


def _hpa(item: Json) -> tuple[str, Rival]:
    """Return the ScaledObject it belongs to, "" for none, and what it scales."""
    metadata, spec = item["metadata"], item["spec"]
    target, name = spec["scaleTargetRef"], metadata["name"]
    remedy = f"delete it before you act: kubectl -n {metadata['namespace']} delete hpa {name}"
    rival = Rival(
        "HorizontalPodAutoscaler", name, (target["kind"], target["name"]),
        int(spec.get("minReplicas", 1)), int(spec["maxReplicas"]), remedy,
    )  # fmt: skip
    return (metadata.get("labels") or {}).get(OWNED, ""), rival


def _scaled_object(item: Json) -> Rival:
    """Bounds that it leaves out are KEDA's own."""
    metadata, spec = item["metadata"], item["spec"]
    target, name = spec["scaleTargetRef"], metadata["name"]
    remedy = (
        f"delete it before you act, or pause it: kubectl -n {metadata['namespace']} annotate scaledobject {name} "
        f'{PAUSED[0]}="true"'
    )
    return Rival(
        "ScaledObject", name, (target.get("kind") or "Deployment", target["name"]),
        int(spec.get("minReplicaCount", 0)), int(spec.get("maxReplicaCount", 100)), remedy,
    )  # fmt: skip
