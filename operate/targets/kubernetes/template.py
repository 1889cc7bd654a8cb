"""How a cluster starts and stops one worker: the pod template of the scaled object, in what advice needs of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from autoscaling_env.errors import AutoscalingError
from live.platforms.kubernetes.client import Api, Json
from operate.targets.kubernetes.scaled import discover
from operate.targets.kubernetes.settings import KubernetesTargetConfig
from operate.template import WorkerTemplate

#: By which people say which container `kubectl logs` and `kubectl exec` mean: it is the one that does the work.
MAIN = "kubectl.kubernetes.io/default-container"
#: Kubernetes' own, where a template says nothing.
GRACE_S = 30.0
#: Names of containers that are put beside workers: meshes, proxies of databases, shippers of logs and metrics.
BESIDE = re.compile(
    r"(?i)(istio|linkerd|envoy|consul|dapr|kuma|vault|proxy|pgbouncer|fluent|filebeat|vector|promtail|logs?(ger|ging)?$"
    r"|datadog|newrelic|otel|opentelemetry|jaeger|statsd|exporter|metrics|telegraf|sidecar|agent$|config-reload|git-sync)"
)
#: Seconds after which a server is away; ``examine`` has said so already, and waited longer.
AWAY_S = 1.0
_REFERENCE = re.compile(r"\$(\$|)\(([A-Za-z_][A-Za-z0-9_.-]*)\)")


def template(config: KubernetesTargetConfig) -> WorkerTemplate | None:
    """Return how a worker is started and stopped; None: the object cannot be read, or it has no pod template.

    Why it cannot be read is said by ``examine``: it is the same verb on the same object.
    """
    try:
        api = Api(config.cluster())
    except AutoscalingError:
        return None
    try:
        api.get("/version", within_s=AWAY_S)
        return read_template(api.get(discover(api, config).path))
    except AutoscalingError:
        return None
    finally:
        api.close()


def read_template(item: Json) -> WorkerTemplate | None:
    """Return the same of an object as the API gives it; None: it has no pod template."""
    pod = (item.get("spec") or {}).get("template") or {}
    spec = pod.get("spec") or {}
    containers = spec.get("containers") or []
    if not containers:
        return None
    kind, name = str(item.get("kind", "")).lower(), item["metadata"]["name"]
    worker = _worker(containers, (pod.get("metadata") or {}).get("annotations") or {}, name)
    known = _environment(worker)
    started, given = worker.get("command") or [], worker.get("args") or []
    lifecycle = worker.get("lifecycle") or {}
    grace_s = spec.get("terminationGracePeriodSeconds")
    return WorkerTemplate(
        where=f"{kind}/{name}" if kind else name,
        command=tuple(_expanded(str(word), known) for word in [*started, *given]),
        environment=known,
        grace_s=GRACE_S if grace_s is None else float(grace_s),
        before_stop=_before_stop(lifecycle.get("preStop") or {}),
        stop_signal=lifecycle.get("stopSignal") or "SIGTERM",
        by_entry_point=not started,
        container=worker["name"],
        beside=tuple(each["name"] for each in containers if each is not worker),
    )


def _worker(containers: list[Json], annotations: Mapping[str, str], name: str) -> Json:
    """Return the container that does the work.

    It is the one that `kubectl` is told to mean, else the one that is called as the object is, else the first one that
    is not known to stand beside others' work, else the first.
    """
    by_name = {each["name"]: each for each in containers}
    for wanted in (annotations.get(MAIN, ""), name):
        if wanted in by_name:
            return by_name[wanted]
    return next((each for each in containers if not BESIDE.search(each["name"])), containers[0])


def _environment(container: Json) -> dict[str, str]:
    """Return the variables that are given by value; those of ConfigMaps and Secrets nobody reads here."""
    known: dict[str, str] = {}
    for each in container.get("env") or []:
        if "valueFrom" not in each:
            known[each["name"]] = _expanded(str(each.get("value") or ""), known)
    return known


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """Return text with ``$(NAME)`` replaced as Kubernetes does; ``$$(NAME)`` and unknown names stay."""

    def value(found: re.Match[str]) -> str:
        escaped, name = found.groups()
        return f"$({name})" if escaped else known.get(name, found.group())

    return _REFERENCE.sub(value, text)


def _before_stop(hook: Mapping[str, Any]) -> str:
    """Return in words what a preStop does."""
    if words := (hook.get("exec") or {}).get("command"):
        return shlex.join(map(str, words))
    if seconds := (hook.get("sleep") or {}).get("seconds"):
        return f"sleep {seconds}"
    if get := hook.get("httpGet"):
        return f"GET :{get.get('port', '')}{get.get('path', '/')}"
    return ""
