"""What ``autoscale doctor --backend kubernetes`` finds out about a cluster: each finding with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

from autoscaling_env.config import Config
from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from live.backend import farm_spec
from live.platforms.kubernetes.access import NEEDED, Permission, finding
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.farm import addresses
from live.platforms.kubernetes.names import Names
from live.platforms.kubernetes.probe import probe

#: Scheduling gates are stable since this version.
OLDEST = (1, 30)
#: A pod that tries image and Redis may take this long (real seconds).
PROBE_S = 60.0
RBAC = "kubectl apply -k deploy/kubernetes/base, or ask for this permission"
HPAS = "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers"


def examine(config: Config) -> list[Finding]:
    """Look at everything ``--backend kubernetes`` needs. Runs one pod for some seconds and removes it."""
    try:
        api = Api(config.live.kubernetes)
    except AutoscalingError as error:
        return [Finding("cluster", False, str(error), "kind create cluster, k3s, or ask for a kubeconfig")]
    try:
        return list(_findings(api, config))
    finally:
        api.close()


def _findings(api: Api, config: Config) -> Iterator[Finding]:
    try:
        version = api.get("/version")
    except BackendError as error:
        yield Finding("cluster", False, str(error), "start it, or correct live.kubernetes.kubeconfig and .context")
        return
    yield _version(version)
    names = Names(config.live.kubernetes.namespace, config.live.farm)
    permitted = {permission: finding(api, names.namespace, permission, RBAC) for permission in NEEDED}
    yield from permitted.values()
    if permitted[_permission("list", "horizontalpodautoscalers")].ok:
        yield _rivals(api, names, config)
    if permitted[_permission("create", "pods")].ok and permitted[_permission("get", "pods")].ok:
        yield from _tried(api, names, config)


def _permission(verb: str, resource: str) -> Permission:
    return next(each for each in NEEDED if (each.verb, each.resource) == (verb, resource))


def _version(answer: dict[str, str]) -> Finding:
    number = (int(answer["major"]), int(answer["minor"].rstrip("+")))
    shown = answer["gitVersion"]
    remedy = f"upgrade to {OLDEST[0]}.{OLDEST[1]} or newer: configured start-up delays need scheduling gates"
    return Finding("server version", number >= OLDEST, shown, "" if number >= OLDEST else remedy)


def _rivals(api: Api, names: Names, config: Config) -> Finding:
    """KEDA works through an HPA of its own, so those are all that can scale a Deployment by themselves."""
    items = api.get(HPAS.format(names.namespace))["items"]
    target = names.of("worker")
    rivals = [item["metadata"] for item in items if item["spec"]["scaleTargetRef"]["name"] == target]
    if not rivals or config.live.kubernetes.control == "external":
        found = ", ".join(each["name"] for each in rivals) or "nobody else"
        return Finding("who else scales the workers", True, found)
    shown = ", ".join(_shown(each) for each in rivals)
    remedy = "delete it, or only observe it: --set live.kubernetes.control=external"
    return Finding("who else scales the workers", False, f"{shown} scales Deployment {target}", remedy)


def _shown(metadata: dict[str, dict[str, str]]) -> str:
    scaled = metadata.get("labels", {}).get("scaledobject.keda.sh/name")
    return f"KEDA's ScaledObject {scaled}" if scaled else f"HorizontalPodAutoscaler {metadata['name']}"


def _tried(api: Api, names: Names, config: Config) -> Iterator[Finding]:
    cluster = config.live.kubernetes
    try:
        address = addresses(config.live)[1]
        settings = farm_spec(config.farm, config.live, address).functions
        found = probe(api, names, cluster, settings, within_s=PROBE_S)
    except AutoscalingError as error:
        yield Finding("image and Redis in a pod", False, str(error), "see the message")
        return
    yield Finding(
        "image", not found.image, found.image or cluster.image,
        "build it from the Dockerfile and push it where the nodes pull" if found.image else "",
    )  # fmt: skip
    if found.image:
        return
    remedy = "set live.kubernetes.redis_url to an address pods reach; does a NetworkPolicy or `bind` stand in the way?"
    yield Finding("Redis from a pod", not found.redis, found.redis or address, remedy if found.redis else "")
