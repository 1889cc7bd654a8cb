"""Tuned settings as the YAML a cluster takes: a KEDA ScaledObject, an HPA (autoscaling/v2), or our own configuration.

Sources: https://keda.sh/docs/2.19/reference/scaledobject-spec/, https://keda.sh/docs/2.19/scalers/redis-lists/,
https://keda.sh/docs/2.19/scalers/redis-streams/ and the API reference of autoscaling/v2.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from agents.tuning.space import Settings, nested
from autoscaling_env.config import Config
from autoscaling_env.config.autoscalers import HpaBehaviorConfig, HpaRulesConfig
from autoscaling_env.errors import InputError, unknown_name

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ManifestNames:
    """What things are called in the cluster.

    Attributes:
        name: of the object to create.
        namespace: it lives in.
        deployment: the Deployment it scales.
        redis_address: host:port as the pods of KEDA reach it.
        queue: the Redis list (or stream) of waiting tasks; also the External metric's name for an HPA.
        consumer_group: redis-streams only.
    """

    name: str = "worker"
    namespace: str = "default"
    deployment: str = "worker"
    redis_address: str = "redis:6379"
    queue: str = "{farm}:worker_queue"
    consumer_group: str = "workers"


def manifest_yaml(policy: str, config: Config, names: ManifestNames) -> str:
    """Return the manifest for ``keda`` or ``hpa`` as YAML.

    Raises:
        InputError: no manifest for that policy, or a value the cluster's schema cannot hold.
    """
    makers = {"keda": scaled_object, "hpa": horizontal_pod_autoscaler}
    if policy not in makers:
        raise InputError(unknown_name("manifest", policy, makers))
    return to_yaml(makers[policy](config, names))


def overlay_yaml(settings: Settings) -> str:
    """Return settings as a configuration file for ``--config``."""
    return to_yaml(nested(settings))


def to_yaml(data: Manifest) -> str:
    """Return data as YAML in the order it has."""
    yaml, text = YAML(), io.StringIO()
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(data, text)
    return text.getvalue()


def scaled_object(config: Config, names: ManifestNames) -> Manifest:
    """Return the ScaledObject of ``config.agents.keda`` with the farm's bounds."""
    keda = config.agents.keda
    spec: Manifest = {
        "scaleTargetRef": {"name": names.deployment},
        "pollingInterval": _whole("agents.keda.polling_interval_s", keda.polling_interval_s),
        "cooldownPeriod": _whole("agents.keda.cooldown_period_s", keda.cooldown_period_s),
        "initialCooldownPeriod": _whole("agents.keda.initial_cooldown_period_s", keda.initial_cooldown_period_s),
        "minReplicaCount": config.farm.min_workers,
        "maxReplicaCount": config.farm.max_workers,
    }
    if keda.idle_replica_count is not None:
        spec["idleReplicaCount"] = keda.idle_replica_count
    if keda.behavior is not None:
        spec["advanced"] = {"horizontalPodAutoscalerConfig": {"behavior": behavior_manifest(keda.behavior)}}
    spec["triggers"] = [_trigger(config, names)]
    return _object("keda.sh/v1alpha1", "ScaledObject", names, spec)


def horizontal_pod_autoscaler(config: Config, names: ManifestNames) -> Manifest:
    """Return the HPA of ``config.agents.hpa`` with the farm's bounds."""
    hpa = config.agents.hpa
    spec: Manifest = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": names.deployment},
        "minReplicas": max(1, config.farm.min_workers),
        "maxReplicas": config.farm.max_workers,
        "metrics": [_metric(config, names)],
    }
    if hpa.behavior is not None:
        spec["behavior"] = behavior_manifest(hpa.behavior)
    return _object("autoscaling/v2", "HorizontalPodAutoscaler", names, spec)


def behavior_manifest(behavior: HpaBehaviorConfig) -> Manifest:
    """Return ``spec.behavior`` with only what was written."""
    return {"scaleUp": _rules(behavior.scale_up), "scaleDown": _rules(behavior.scale_down)}


def _rules(rules: HpaRulesConfig) -> Manifest:
    manifest: Manifest = {"selectPolicy": rules.select_policy}
    if rules.stabilization_window_s is not None:
        manifest = {"stabilizationWindowSeconds": rules.stabilization_window_s} | manifest
    if rules.policies is not None:
        manifest["policies"] = [
            {"type": policy.type, "value": policy.value, "periodSeconds": policy.period_s} for policy in rules.policies
        ]
    return manifest


def _trigger(config: Config, names: ManifestNames) -> Manifest:
    trigger = _redis_trigger(config, names)
    return trigger | {"useCachedMetrics": True} if config.agents.keda.use_cached_metrics else trigger


def _redis_trigger(config: Config, names: ManifestNames) -> Manifest:
    keda = config.agents.keda
    target = str(_whole("agents.keda.list_length", keda.list_length))
    activation = str(_whole("agents.keda.activation", keda.activation))
    if keda.trigger == "redis-list":
        metadata = {"listName": names.queue, "listLength": target, "activationListLength": activation}
        return {"type": "redis", "metadata": {"address": names.redis_address} | metadata}
    metadata = {"stream": names.queue, "consumerGroup": names.consumer_group, "pendingEntriesCount": target}
    metadata["activationLagCount"] = activation  # the scaler compares any of its counts with this one
    return {"type": "redis-streams", "metadata": {"address": names.redis_address} | metadata}


def _metric(config: Config, names: ManifestNames) -> Manifest:
    hpa = config.agents.hpa
    if hpa.metric == "utilisation":
        percent = _whole("agents.hpa.target", hpa.target)
        target = {"type": "Utilization", "averageUtilization": percent}
        return {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    kind, key = ("AverageValue", "averageValue") if hpa.metric == "queue_per_worker" else ("Value", "value")
    target = {"type": kind, key: quantity(hpa.target)}
    return {"type": "External", "external": {"metric": {"name": metric_name(names.queue)}, "target": target}}


def quantity(value: float) -> str:
    """Return a Kubernetes quantity, in thousandths where it is not whole."""
    thousandths = max(1, math.ceil(value * 1000 - 1e-9))
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def metric_name(queue: str) -> str:
    """Return a metric name for a queue: what a metric's name may not contain becomes ``_``."""
    return "".join(char if char.isalnum() and char.isascii() else "_" for char in queue).strip("_")


def _object(api_version: str, kind: str, names: ManifestNames, spec: Manifest) -> Manifest:
    metadata = {"name": names.name, "namespace": names.namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _whole(key: str, value: float) -> int:
    if value != int(value):
        raise InputError(f"{key}: {value:g} cannot be written into a manifest, which takes whole numbers only")
    return int(value)
