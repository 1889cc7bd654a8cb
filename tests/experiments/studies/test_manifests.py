"""The studies that are shipped can be run; deploy/ray runs one, with one image, on a head that runs no cells."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from experiments.schedulers import list_places
from experiments.studies.expanding import cells_of
from experiments.studies.file import read_study
from tests.places import ROOT

FOLDER = ROOT / "deploy" / "ray"
KINDS = ("base", "kuberay")


def objects(kind: str) -> list[dict[str, Any]]:
    files = [path for path in sorted((FOLDER / kind).glob("*.yaml")) if path.name != "kustomization.yaml"]
    return [each for path in files for each in YAML(typ="safe").load_all(path.read_text("utf-8"))]


def kustomization(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((FOLDER / kind / "kustomization.yaml").read_text("utf-8"))
    return found


def pods(data: Any) -> Iterator[dict[str, Any]]:
    """Yield every specification of a pod in an object."""
    if isinstance(data, dict):
        if "containers" in data:
            yield data
        for value in data.values():
            yield from pods(value)
    elif isinstance(data, list):
        for value in data:
            yield from pods(value)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_named_is_there(kind: str) -> None:
    said = kustomization(kind)
    for name in [*said["resources"], *said["configMapGenerator"][0]["files"]]:
        assert (FOLDER / kind / name).is_file(), name


@pytest.mark.parametrize("kind", KINDS)
def test_the_study_can_be_run_and_its_results_lie_where_all_pods_write(kind: str) -> None:
    study = read_study(FOLDER / kind / "study.yml")
    assert cells_of(study)
    for pod in pods(objects(kind)):
        mounts = {mount["mountPath"] for each in pod["containers"] for mount in each["volumeMounts"]}
        assert study.store in mounts
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for each in pod["containers"] for mount in each["volumeMounts"]} <= volumes


def test_the_study_of_the_results_has_a_cell_for_each_learner_scenario_and_seed() -> None:
    cells = cells_of(read_study(ROOT / "benchmarks" / "studies" / "learners.yml"))
    trained = [cell for cell in cells if cell.kind == "train"]
    learners = {cell.policy for cell in trained}
    assert len(trained) == len(learners) * 9 * 5 == len([cell for cell in cells if cell.needs])


def test_one_image_and_one_study_in_both() -> None:
    names = [
        each["image"].partition(":")[0] for kind in KINDS for pod in pods(objects(kind)) for each in pod["containers"]
    ]
    assert set(names) == {"openfaas-autoscaling-ray"}
    one, two = (Path(FOLDER / kind / "study.yml").read_text("utf-8") for kind in KINDS)
    assert one == two


def test_the_commands_are_ours() -> None:
    (job,) = (each for each in objects("base") if each["kind"] == "Job")
    (rayjob,) = (each for each in objects("kuberay") if each["kind"] == "RayJob")
    script = job["spec"]["template"]["spec"]["containers"][0]["args"][0]
    for command in (script.partition("exec ")[2], rayjob["spec"]["entrypoint"]):
        words = shlex.split(command)
        assert words[:3] == ["autoscale", "study", "run"]
        assert words[words.index("--on") + 1] in list_places()
    assert rayjob["spec"]["rayClusterSpec"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
