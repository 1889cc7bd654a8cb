"""What ``autoscale operate check`` finds out about an object that is to be scaled; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from live.platforms.kubernetes.access import finding
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from operate.targets.kubernetes import access
from operate.targets.kubernetes.rivals import rivals
from operate.targets.kubernetes.scaled import Scaled, discover
from operate.targets.kubernetes.settings import KubernetesTargetConfig

RBAC = "apply deploy/operate (base to look, overlays/act to scale), or ask for this permission"
ELSE = "who else scales the workers"


def examine(config: KubernetesTargetConfig, acting: bool, lease: str = "") -> list[Finding]:
    """Look at everything that looking at the object needs, and, where ``acting``, scaling it.

    Args:
        lease: by which one of several controllers leads; "": there is only this one.
    """
    try:
        api = Api(config.cluster())
    except AutoscalingError as error:
        return [Finding("cluster", False, str(error), "correct target.kubeconfig and target.context")]
    try:
        return list(_findings(api, config, acting, lease))
    finally:
        api.close()


def _findings(api: Api, config: KubernetesTargetConfig, acting: bool, lease: str) -> Iterator[Finding]:
    try:
        yield Finding("cluster", True, f"Kubernetes {api.get('/version')['gitVersion']} at {api.server}")
    except BackendError as error:
        yield Finding("cluster", False, str(error), "start it, or correct target.kubeconfig and target.context")
        return
    try:
        scaled = discover(api, config)
    except AutoscalingError as error:
        yield Finding("what is scaled", False, str(error), "correct target.resource")
        return
    yield _scale(api, config, scaled)
    needed = access.look(scaled) + (access.lead(lease) if lease else ())
    if acting:
        needed += access.act(scaled, lease=bool(lease), idle=config.idle is not None)
    for permission in needed:
        yield finding(api, config.namespace, permission, RBAC)
    yield _rivals(api, config, acting)


def _scale(api: Api, config: KubernetesTargetConfig, scaled: Scaled) -> Finding:
    try:
        scale = api.get(scaled.scale)
    except ClusterRefused as error:
        remedy = "correct target.resource and target.namespace" if error.status == 404 else RBAC
        return Finding("what is scaled", False, f"{config.shown}: {error}", remedy)
    except BackendError as error:
        return Finding("what is scaled", False, f"{config.shown}: {error}", "see the API server's log")
    wanted, status = scale["spec"].get("replicas", 0), scale.get("status", {})
    found = f"{config.shown}: {wanted} workers wanted, {status.get('replicas', 0)} made"
    if status.get("selector"):
        return Finding("what is scaled", True, found)
    return Finding(
        "what is scaled", False, f"{found}; its scale subresource has no selector, so nobody knows which are ready",
        "have its CRD say labelSelectorPath; until then every worker made counts as ready",
    )  # fmt: skip


def _rivals(api: Api, config: KubernetesTargetConfig, acting: bool) -> Finding:
    target = config.object_kind, config.name
    try:
        found = [each for each in rivals(api, config.namespace) if each.target == target]
    except BackendError as error:
        remedy = "apply deploy/operate/base, whose Role autoscale-operate-check lets it look; or look yourself"
        return Finding(ELSE, not acting, f"not known: {error}", remedy if acting else "")
    if not found:
        return Finding(ELSE, True, "nobody else")
    shown = ", ".join(each.shown for each in found)
    if not acting:
        return Finding(ELSE, True, f"{shown}, which goes on: shadow only watches")
    remedy = "; ".join(each.remedy for each in found)
    return Finding(ELSE, False, f"{shown}: both would write the count and overturn each other", remedy)
