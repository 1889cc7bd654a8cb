"""Creates and removes a farm's objects, and waits for what must run."""

from __future__ import annotations

import time

from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import BackendError
from live.functions.settings import FunctionSettings
from live.platform import FarmSpec
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.manifests import anchor, deployment
from live.platforms.kubernetes.names import RUN, Names
from live.platforms.kubernetes.pods import Pod
from live.platforms.kubernetes.view import View

ROLES = ("emitter", "collector", "worker")
LOOK_S = 0.1


def create(
    api: Api,
    names: Names,
    config: KubernetesConfig,
    settings: FunctionSettings,
    *,
    run: str = "",
    within_s: float = 5.0,
) -> None:
    """Create the farm for ``run``: first the owner, then what it owns. What is there already is brought up to date."""
    owner = api.apply(f"{names.configmaps}/{names.anchor}", anchor(names), within_s=within_s)
    uid = owner["metadata"]["uid"]
    for role in ROLES:
        api.apply(names.deployment(role), deployment(names, role, config, settings, uid, run=run), within_s=within_s)


def remove(api: Api, names: Names, *, within_s: float) -> None:
    """Delete the owner, so that Kubernetes deletes the rest, and wait until all pods are gone.

    Raises:
        BackendError: something is left after ``within_s``; Kubernetes goes on deleting by itself.
    """
    give_up = time.monotonic() + within_s
    api.delete(f"{names.configmaps}/{names.anchor}")
    for role in ROLES:
        api.delete(names.deployment(role))
    while left := _pods(api, names):
        if time.monotonic() > give_up:
            raise BackendError(
                f"{len(left)} pods of farm {names.farm!r} are still there ({left[0]}, ...); Kubernetes goes on deleting"
            )
        api.delete(names.pods, grace_s=0, labelSelector=names.selector)
        time.sleep(LOOK_S)


def taken_over(api: Api, names: Names, run: str) -> bool:
    """Whether another run has made a Deployment of this farm its own since: then nothing of it is ours to delete."""
    listed = api.get(names.deployments, labelSelector=names.selector)["items"]
    return any(item["metadata"]["labels"].get(RUN) != run for item in listed)


def _pods(api: Api, names: Names) -> list[str]:
    answer = api.get(names.pods, labelSelector=names.selector)
    return [item["metadata"]["name"] for item in answer["items"]]


def services_run(view: View, names: Names, farm: FarmSpec, left_s: float) -> bool:
    """Return True as soon as emitter and collector are ready.

    Raises:
        BackendError: they cannot start, or have not within ``left_s``; with the reason and a remedy.
    """
    pods = [pod for pod in view.services() if not pod.leaving]
    if len(pods) == 2 and all(pod.started for pod in pods):
        return True
    for pod in pods:
        if pod.trouble:
            raise BackendError(f"pod {names.namespace}/{pod.name} does not start: {pod.trouble}")
    if left_s < 0:
        raise BackendError(_late(pods, names, farm))
    return False


def _late(pods: list[Pod], names: Names, farm: FarmSpec) -> str:
    where = f"emitter and collector of farm {names.farm!r} in namespace {names.namespace}"
    if not pods:
        return f"{where} have no pods after {farm.open_timeout_s:g} s: see `kubectl get events` (a quota?)"
    return (
        f"{where} are not ready after {farm.open_timeout_s:g} s: can pods reach Redis at "
        f"{farm.functions.redis_url}? see `kubectl logs` and `autoscale doctor --backend kubernetes`"
    )
