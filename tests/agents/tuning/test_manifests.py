"""Manifests are valid by schema, and say what the simulated rule did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from agents.autoscalers.hpa.policy import hpa_settings
from agents.autoscalers.keda.policy import keda_hpa_settings
from agents.tuning import ManifestNames, applied, manifest_yaml, overlay_yaml, search_space
from agents.tuning.manifests import metric_name, quantity
from agents.tuning.search import settings_to_try
from autoscaling_env.config import Config, load_config
from autoscaling_env.config.yaml import parse
from autoscaling_env.errors import InputError
from tests.agents.autoscalers.golden import behavior_of
from tests.places import DATA

SCHEMAS = DATA / "schemas"
NAMES = ManifestNames(name="tuned", namespace="farm", deployment="worker")


def schema(name: str) -> dict[str, Any]:
    return json.loads((SCHEMAS / f"{name}.json").read_text())


def manifest(policy: str, config: Config) -> dict[str, Any]:
    """Return a manifest as a cluster would read it: from its YAML."""
    data, _ = parse(manifest_yaml(policy, config, NAMES), "manifest")
    jsonschema.validate(data, schema("scaledobject" if policy == "keda" else "hpa_v2"))
    return data


def configs(policy: str, *assignments: str) -> list[Config]:
    base = load_config(assignments=assignments)
    rng = np.random.default_rng(0)
    return [applied(base, settings) for settings in settings_to_try(search_space(policy, base), 8, rng)]


@pytest.mark.parametrize("trigger", ["redis-list", "redis-streams"])
@pytest.mark.parametrize("minimum", [0, 2])
def test_scaled_objects_are_valid_and_complete(trigger: str, minimum: int) -> None:
    for config in configs("keda", f"agents.keda.trigger={trigger}", f"farm.min_workers={minimum}"):
        spec = manifest("keda", config)["spec"]
        assert (spec["minReplicaCount"], spec["maxReplicaCount"]) == (config.farm.min_workers, 32)
        assert config.farm.min_workers >= minimum
        assert spec["cooldownPeriod"] == config.agents.keda.cooldown_period_s
        target = "listLength" if trigger == "redis-list" else "pendingEntriesCount"
        assert spec["triggers"][0]["metadata"][target] == str(int(config.agents.keda.list_length))
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior_of(as_recorded(behavior)) == keda_hpa_settings(config).behavior


def test_a_cache_is_in_the_manifest_and_makes_polling_worth_tuning() -> None:
    (config, *_) = configs("keda", "agents.keda.use_cached_metrics=true")
    assert manifest("keda", config)["spec"]["triggers"][0]["useCachedMetrics"] is True
    assert "useCachedMetrics" not in manifest("keda", load_config())["spec"]["triggers"][0]
    assert any("polling_interval_s" in parameter.key for parameter in search_space("keda", config))


@pytest.mark.parametrize("metric", ["utilisation", "queue_per_worker", "queue"])
def test_hpas_are_valid_and_complete(metric: str) -> None:
    for config in configs("hpa", f"agents.hpa.metric={metric}"):
        spec = manifest("hpa", config)["spec"]
        source = spec["metrics"][0]
        target = source["resource" if metric == "utilisation" else "external"]["target"]
        assert target["type"] == hpa_settings(config).target_type
        assert behavior_of(as_recorded(spec["behavior"])) == hpa_settings(config).behavior


def as_recorded(behavior: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest's behavior in the form of the recorded cases."""
    return {ours: rules(behavior[theirs]) for ours, theirs in (("scale_up", "scaleUp"), ("scale_down", "scaleDown"))}


def rules(written: dict[str, Any]) -> dict[str, Any]:
    policies = written.get("policies")
    return {
        "stabilization_window_s": written.get("stabilizationWindowSeconds"),
        "select_policy": written.get("selectPolicy"),
        "policies": policies
        and [{"type": p["type"], "value": p["value"], "period_s": p["periodSeconds"]} for p in policies],
    }


def test_without_behavior_none_is_written() -> None:
    assert "behavior" not in manifest("hpa", load_config())["spec"]
    assert "advanced" not in manifest("keda", load_config())["spec"]
    idle = load_config(assignments=["agents.keda.idle_replica_count=0"])
    assert manifest("keda", idle)["spec"]["idleReplicaCount"] == 0


def test_the_schemas_can_fail() -> None:
    good = manifest("keda", load_config())
    for path, wrong in ((("spec", "maxReplicaCount"), "32"), (("spec", "maxReplicas"), 3), (("kind",), "ScaledJob")):
        broken = json.loads(json.dumps(good))
        node = broken
        for part in path[:-1]:
            node = node[part]
        node[path[-1]] = wrong
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema("scaledobject"))


def test_what_a_manifest_cannot_hold_is_said() -> None:
    config = load_config(assignments=["agents.keda.list_length=2.5"])
    with pytest.raises(InputError, match=r"agents\.keda\.list_length: 2\.5 cannot be written into a manifest"):
        manifest_yaml("keda", config, NAMES)
    with pytest.raises(InputError, match="unknown manifest 'reactive'"):
        manifest_yaml("reactive", config, NAMES)


def test_an_overlay_is_read_back_as_the_same_configuration(tmp_path: Path) -> None:
    base = load_config()
    for settings in settings_to_try(search_space("keda", base), 5, np.random.default_rng(1)):
        file = tmp_path / "tuned.yml"
        file.write_text(overlay_yaml(settings))
        assert load_config(file) == applied(base, settings)


@pytest.mark.parametrize(("value", "text"), [(5.0, "5"), (0.75, "750m"), (2.5, "2500m"), (0.0001, "1m")])
def test_quantities(value: float, text: str) -> None:
    assert quantity(value) == text


def test_a_queues_name_becomes_a_metrics_name() -> None:
    assert metric_name("{farm}:worker_queue") == "farm__worker_queue"
