"""``deploy/openfaas``: the stack file is valid, and says what the platform itself would deploy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from autoscaling_env.config.openfaas import OpenFaasConfig
from live.functions.settings import FunctionSettings, from_environment
from live.platform import FarmSpec
from live.platforms.openfaas.deployment import Blueprint
from tests.places import ROOT

SCHEMA = json.loads((Path(__file__).parent / "stack_schema.json").read_text())


@pytest.fixture
def stack() -> dict[str, Any]:
    return YAML(typ="safe").load((ROOT / "deploy/openfaas/stack.yaml").read_text())


def test_valid_by_schema(stack: dict[str, Any]) -> None:
    jsonschema.validate(stack, SCHEMA)


@pytest.mark.parametrize("change", [{"images": "x"}, {"labels": {"a": 5}}, {"limits": {"memory": "much"}}])
def test_the_schema_finds_mistakes(stack: dict[str, Any], change: dict[str, Any]) -> None:
    stack["functions"]["farm-worker"].update(change)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(stack, SCHEMA)


def test_functions_understand_their_settings(stack: dict[str, Any]) -> None:
    for function in stack["functions"].values():
        settings = from_environment(function["environment"])
        assert (settings.farm, settings.http_port) == ("farm", 8080)


def test_the_stack_is_what_the_platform_deploys(stack: dict[str, Any]) -> None:
    farm = FarmSpec(FunctionSettings(redis_url="redis://r", farm="farm"), 1, 5)
    blueprint = Blueprint(farm, OpenFaasConfig(image="x"))
    ours = [blueprint.service("emitter"), blueprint.service("collector"), blueprint.worker(scale_max=5)]
    assert {each["service"] for each in ours} == set(stack["functions"])
    for each in ours:
        stated = stack["functions"][each["service"]]
        for here, there in (
            ("fprocess", "envProcess"),
            ("labels", "labels"),
            ("requests", "requests"),
            ("limits",) * 2,
        ):
            assert stated[here] == each[there]
        for name, value in stated["environment"].items():
            if not value.startswith("$"):
                assert each["envVars"][name] == value


def test_the_image_hands_signals_on() -> None:
    """Without exec the shell would be process 1, and a worker would never hear SIGTERM."""
    text = (ROOT / "deploy/openfaas/Dockerfile").read_text()
    assert re.search(r'ENTRYPOINT \["/bin/sh", "-c", "exec \$\{fprocess', text)
