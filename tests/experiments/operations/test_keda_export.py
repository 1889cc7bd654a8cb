"""Manifests that are exported are valid, hold what the configuration says, and no more rights than looking needs."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from kubernetes.client import ApiClient
from ruamel.yaml import YAML
from typer.main import get_command

from autoscaling_env.errors import InputError
from cli.main import app
from experiments import KedaChoices, export_keda, operate_config
from operate.keda.manifests import RULES
from operate.targets.kubernetes import access
from operate.targets.kubernetes.scaled import Scaled

COMMANDS: Any = get_command(app).commands  # type: ignore[attr-defined]
PAPERS = {"tls_secret": "papers"}
MODELS = {
    "ServiceAccount": "V1ServiceAccount",
    "Role": "V1Role",
    "RoleBinding": "V1RoleBinding",
    "ConfigMap": "V1ConfigMap",
    "Secret": "V1Secret",
    "Deployment": "V1Deployment",
    "Service": "V1Service",
}


def fields(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


WORD, COUNT, WORDS = {"type": "string"}, {"type": "integer", "minimum": 0}, {"additionalProperties": {"type": "string"}}
SCALING = fields(
    stabilizationWindowSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
    selectPolicy={"enum": ["Max", "Min", "Disabled"]},
    tolerance={"type": "string", "pattern": "^[0-9.]+m?$"},
    policies={
        "type": "array",
        "items": fields(
            ("type", "value", "periodSeconds"),
            type={"enum": ["Pods", "Percent"]},
            value={"type": "integer", "minimum": 1},
            periodSeconds={"type": "integer", "minimum": 1, "maximum": 1800},
        ),
    },
)
#: As https://keda.sh/docs/2.18/reference/scaledobject-spec/ has it, as far as we write it.
SCALED_OBJECT = fields(
    ("scaleTargetRef", "triggers"),
    scaleTargetRef=fields(("name",), apiVersion=WORD, kind=WORD, name=WORD),
    pollingInterval={"type": "integer", "minimum": 1},
    cooldownPeriod=COUNT,
    minReplicaCount=COUNT,
    maxReplicaCount=COUNT,
    fallback=fields(("failureThreshold", "replicas"), failureThreshold=COUNT, replicas=COUNT),
    advanced=fields(
        horizontalPodAutoscalerConfig=fields(behavior=fields(scaleUp=SCALING, scaleDown=SCALING)),
    ),
    triggers={
        "type": "array",
        "minItems": 1,
        "items": fields(
            ("type", "metadata"),
            type={"const": "external-push"},
            metricType={"enum": ["AverageValue", "Value"]},
            metadata=WORDS,
            authenticationRef=fields(("name",), name=WORD),
        ),
    },
)
AUTHENTICATION = fields(
    ("secretTargetRef",),
    secretTargetRef={
        "type": "array",
        "items": fields(("parameter", "name", "key"), parameter=WORD, name=WORD, key=WORD),
    },
)


def check(manifest: dict[str, Any]) -> None:
    """Kubernetes' own models know every field and miss none; KEDA's are in its documentation."""
    if manifest["apiVersion"].startswith("keda.sh/"):
        schema = SCALED_OBJECT if manifest["kind"] == "ScaledObject" else AUTHENTICATION
        jsonschema.validate(manifest["spec"], schema)
        return
    api = ApiClient()
    read = api._ApiClient__deserialize(manifest, MODELS[manifest["kind"]])  # type: ignore[attr-defined]  # of data, not of an answer
    assert api.sanitize_for_serialization(read) == manifest


@pytest.fixture
def configured(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name="worker", **changes):
        given = {
            "source": {"kind": "redis_list", "url": "redis://redis:6379/0", "key": "jobs"},
            "target": {"kind": "kubernetes", "namespace": "shop", "resource": "deployment/worker", "context": "mine"},
            "policy": "keda",
            "objective": {"finish_within": "30s", "share": 0.95},
            "bounds": {"min": 0, "max": 40},
            "interval": "5s",
            "guardrails": {"decide_within": "1s", "watchdog": None},
        }
        Path(f"{name}.yml").write_text(json.dumps(given | changes))
        return Path(f"{name}.yml")

    return make


def exported(file, assignments=(), **choices):
    found = export_keda(file, Path("out"), KedaChoices(**choices), assignments=assignments, force=True)
    read = [each for path in found.files.values() for each in YAML(typ="safe", pure=True).load_all(path.read_text())]
    for manifest in read:
        check(manifest)
    return found, {each["kind"]: each for each in read}


def test_everything_is_valid_and_named_alike(configured):
    found, made = exported(configured(), fallback=6, failures=4)
    assert [path.name for path in found.files.values()] == ["1-rights.yaml", "2-scaler.yaml", "3-scaledobject.yaml"]
    assert set(made) == {*MODELS, "ScaledObject"} - {"Secret"}
    assert {each["metadata"]["namespace"] for each in made.values()} == {"shop"}
    assert {each["metadata"]["name"] for each in made.values()} == {"autoscale-keda-worker", "worker"}
    assert made["ScaledObject"]["metadata"]["name"] == "worker"
    assert found.commands[0].startswith("kubectl apply -f out/1-rights.yaml -f out/2-scaler.yaml")
    assert found.commands[2] == "kubectl apply -f out/3-scaledobject.yaml"


def test_the_scaled_object_says_what_the_configuration_says(configured):
    _, made = exported(configured(), fallback=6, failures=4)
    spec = made["ScaledObject"]["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}
    assert (spec["minReplicaCount"], spec["maxReplicaCount"], spec["pollingInterval"]) == (0, 40, 5)
    assert spec["fallback"] == {"failureThreshold": 4, "replicas": 6}
    (trigger,) = spec["triggers"]
    port = made["Service"]["spec"]["ports"][0]["port"]
    assert trigger["metadata"] == {
        "scalerAddress": f"autoscale-keda-worker.shop.svc.cluster.local:{port}",
        "controller": "worker",
        "reach": "detour",
    }
    assert spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"] == RULES
    assert "fallback" not in exported(configured())[1]["ScaledObject"]["spec"]


def test_where_hpas_have_a_tolerance_it_is_set_to_none(configured):
    _, made = exported(configured(), reach="tolerance")
    spec = made["ScaledObject"]["spec"]
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert [rules["tolerance"] for rules in behavior.values()] == ["0", "0"]
    assert spec["triggers"][0]["metadata"]["reach"] == "tolerance"


def test_the_account_may_look_and_nothing_else(configured):
    _, made = exported(configured())
    granted = {
        (verb, group, resource, name)
        for rule in made["Role"]["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
    }
    needed = access.look(Scaled("apps", "v1", "deployments", "shop", "worker"))
    assert granted == {(each.verb, each.group, each.resource, each.name) for each in needed}
    pod = made["Deployment"]["spec"]["template"]["spec"]
    (subject,) = made["RoleBinding"]["subjects"]
    assert pod["serviceAccountName"] == made["ServiceAccount"]["metadata"]["name"] == subject["name"]


def test_the_pods_configuration_is_the_users_in_a_pod(configured):
    file = configured()
    _, made = exported(file, ["mode=act"])
    Path("pod.yml").write_text(made["ConfigMap"]["data"]["worker.yml"])
    ours, pods = operate_config(file, ["mode=act"]), operate_config(Path("pod.yml"))
    assert pods.target == ours.target.model_copy(update={"context": "", "kubeconfig": ""})
    assert (str(pods.state), pods.page.host) == ("/state", "0.0.0.0")  # noqa: S104 - compared with
    same = {"target": None, "state": None, "page": None}
    assert pods.model_dump() | same == ours.model_dump() | same


def test_the_pod_runs_a_command_that_there_is(configured):
    _, made = exported(configured(), **PAPERS)
    container = made["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    command, *words = container["args"]
    options = {flag for each in COMMANDS[command].params for flag in each.opts}
    assert {word for word in words if word.startswith("--")} <= options
    assert "/config/worker.yml" in words
    mounts = {each["mountPath"] for each in container["volumeMounts"]}
    assert mounts == {"/config", "/state", "/tmp", "/tls"}  # noqa: S108 - in the pod
    assert made["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert (
        made["Service"]["spec"]["selector"].items()
        <= made["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    )


def test_with_tls_keda_shows_a_certificate_and_the_kubelet_asks_no_grpc(configured):
    _, made = exported(configured(), **PAPERS)
    (trigger,) = made["ScaledObject"]["spec"]["triggers"]
    assert trigger["metadata"]["enableTLS"] == "true"
    assert trigger["authenticationRef"] == {"name": made["TriggerAuthentication"]["metadata"]["name"]}
    assert {each["parameter"] for each in made["TriggerAuthentication"]["spec"]["secretTargetRef"]} == {
        "caCert",
        "tlsClientCert",
        "tlsClientKey",
    }
    container = made["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert "grpc" not in container["readinessProbe"]


def test_a_password_makes_it_a_secret(configured):
    source = {"kind": "redis_list", "url": "redis://:sesame@redis:6379/0", "key": "jobs"}
    found, made = exported(configured(source=source))
    assert "ConfigMap" not in made
    assert "sesame" in made["Secret"]["stringData"]["worker.yml"]
    volume = made["Deployment"]["spec"]["template"]["spec"]["volumes"][0]
    assert volume["secret"]["secretName"] == made["Secret"]["metadata"]["name"]
    assert any("became a Secret" in note for note in found.notes)


@pytest.mark.parametrize(
    ("policy", "named"),
    [("models/best.safetensors", "/config/best.safetensors"), ("planner:week.npz", "planner:/config/week.npz")],
)
def test_a_model_or_a_history_goes_with_it(configured, policy, named):
    file = Path(policy.removeprefix("planner:"))
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(bytes(range(256)))
    found, made = exported(configured(policy=policy))
    assert b64decode(made["ConfigMap"]["binaryData"][file.name]) == bytes(range(256))
    assert f"policy: {named}" in made["ConfigMap"]["data"]["worker.yml"]
    assert found.notes == [
        "mode is shadow: KEDA is told the count that is there; export with --set mode=act to scale",
        "without --fallback the count stays as it is while there is no decision",
    ]


def test_what_cannot_be_exported_is_one_line_and_nothing_is_written(configured):
    Path("large.safetensors").write_bytes(bytes(1_000_001))
    Path("run").mkdir()
    processes = {"kind": "processes", "command": ["true"]}
    for changes, choices, told in (
        ({"target": processes}, {}, "target.kind processes: KEDA scales what is in Kubernetes"),
        ({}, {"fallback": 41}, "--fallback 41: must lie within bounds, 0 to 40"),
        ({}, {"reach": "detuor"}, "--reach: unknown reach 'detuor' (did you mean 'detour'?)"),
        ({"policy": "large.safetensors"}, {}, "1000001 bytes do not fit into a ConfigMap"),
        ({"policy": "run"}, {}, "policy run: is a folder; name the model's file in it"),
        ({"name": "My_Worker"}, {}, "My_Worker.yml: its name is the ScaledObject's"),
        ({"lease": "worker"}, {}, "lease: KEDA asks one scaler"),
    ):
        with pytest.raises(InputError) as caught:
            export_keda(configured(**changes), Path("nowhere"), KedaChoices(**choices))
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
    assert not Path("nowhere").exists()


def test_files_that_are_there_stay(configured):
    export_keda(configured(), Path("out"), KedaChoices())
    Path("out/3-scaledobject.yaml").write_text("mine")
    Path("out/1-rights.yaml").unlink()
    with pytest.raises(InputError, match=r"2-scaler\.yaml: is there already"):
        export_keda(configured(), Path("out"), KedaChoices())
    assert not Path("out/1-rights.yaml").exists()
