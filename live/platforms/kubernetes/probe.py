"""A pod that tries what the farm's pods will do: pull the image, start it, reach Redis."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from autoscaling_env.config.kubernetes import KubernetesConfig
from live.functions.settings import FunctionSettings
from live.platforms.kubernetes.client import Api, Json
from live.platforms.kubernetes.manifests import pod_spec
from live.platforms.kubernetes.names import Names
from live.platforms.kubernetes.pods import read_pod

LOOK_S = 0.1
#: Runs in the pod: the answer is its exit code, the reason its last words.
PROGRAM = """
import sys
from autoscaling_env.errors import AutoscalingError
from live.clients import command_client
from live.errors import speaking_ours
from live.functions.settings import from_environment
settings = from_environment()
try:
    client = command_client(settings.redis_url, password_file=settings.password_file, retries=0, timeout_s=3)
    with speaking_ours('there'):
        client.ping()
except AutoscalingError as error:
    sys.exit(str(error))
"""


@dataclass(frozen=True, slots=True)
class Probed:
    """What the pod found: each "" when all is well.

    Attributes:
        image: why the image does not start.
        redis: why Redis cannot be reached.
    """

    image: str = ""
    redis: str = ""


def probe(api: Api, names: Names, config: KubernetesConfig, settings: FunctionSettings, *, within_s: float) -> Probed:
    """Run the pod, read what it found, and remove it."""
    name = f"{names.base}-doctor-{uuid.uuid4().hex[:6]}"
    api.post(names.pods, _pod(name, names, config, settings))
    try:
        return _result(api, names.pod(name), within_s)
    finally:
        api.delete(names.pod(name), grace_s=0)


def _pod(name: str, names: Names, config: KubernetesConfig, settings: FunctionSettings) -> Json:
    spec = pod_spec("doctor", config, settings)
    (container,) = spec["containers"]
    for unwanted in ("args", "startupProbe", "livenessProbe"):
        container.pop(unwanted, None)
    container["command"] = ["python", "-c", PROGRAM]
    container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    metadata = {"name": name, "namespace": names.namespace, "labels": names.labels("doctor")}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec | {"restartPolicy": "Never"}}


def _result(api: Api, path: str, within_s: float) -> Probed:
    give_up = time.monotonic() + within_s
    while time.monotonic() < give_up:
        item = api.get(path)
        pod = read_pod(item)
        if pod.trouble:
            return Probed(image=pod.trouble)
        if pod.over:
            return _probed(item)
        time.sleep(LOOK_S)
    return Probed(image=f"the pod has not run after {within_s:g} s; see `kubectl describe pod`")


def _probed(item: Json) -> Probed:
    (status,) = item["status"].get("containerStatuses") or [{}]
    ended = status.get("state", {}).get("terminated", {})
    if ended.get("exitCode") == 0:
        return Probed()
    words = " ".join(str(ended.get("message", "")).split()) or f"exit code {ended.get('exitCode')}"
    return Probed(redis=words) if words.startswith("Redis") else Probed(image=words[-300:])
