"""A study's file: what can be said, what cannot, and the cells that follow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from autoscaling_env.config.loading import read_source
from autoscaling_env.errors import InputError
from experiments.studies.expanding import cells_of
from experiments.studies.file import init_study, read_study, study_schema
from tests.experiments.studies.making import RULES, TINY, opened, study_file
from workloads.scenarios import scenario


def test_a_study_to_begin_with_is_one_that_can_be_run(tmp_path: Path) -> None:
    file = init_study(tmp_path / "learners.yml")
    assert read_study(file).name == "learners"
    assert {cell.kind for cell in cells_of(read_study(file))} == {"train", "evaluate"}
    jsonschema.validate(read_source(file).data, study_schema())
    with pytest.raises(InputError, match="is there already"):
        init_study(file)


def test_every_field_is_explained() -> None:
    schema = study_schema()
    for section in [schema, *schema["$defs"].values()]:
        for name, field in section["properties"].items():
            assert field.get("description") or "$ref" in field, name


@pytest.mark.parametrize(
    ("more", "problems"),
    [
        ({"scenario": ["ramp"]}, ["unknown key (did you mean 'scenarios'?)"]),
        ({"scenarios": ["rampp"]}, ["scenarios: unknown scenario 'rampp' (did you mean 'ramp'?)"]),
        (
            {"train": [{"agents": ["sarsaa"]}]},
            ["train.0.agents: unknown agent to train 'sarsaa' (did you mean 'sarsa'?)"],
        ),
        ({"evaluate": {"policies": ["kedda"]}}, ["evaluate.policies: unknown agent 'kedda' (did you mean 'keda'?)"]),
        ({"evaluate": {"policies": ["dqn"]}}, ["evaluate.policies: dqn learns: name it under train"]),
        ({"evaluate": {"policies": ["static-99"]}}, ["flash_crowd: static-99: the farm has 1 to 32 workers"]),
        ({"evaluate": {"engine": "fast"}}, ["evaluate.engine: --engine fast: choose from compiled, simpy"]),
        ({"report": {"metric": "rewards"}}, ["report.metric: unknown figure 'rewards'"]),
        ({"settings": {"farm.max_worker": 3}}, ["flash_crowd: setting farm.max_worker: farm.max_worker: unknown key"]),
        ({"train": [TINY["train"][0], TINY["train"][0]]}, ["sarsa: two would be called so in tables"]),
        ({"name": "../x"}, ["name: "]),
        ({"train": [], "evaluate": {}}, ["nothing to do: name agents under train, or policies under evaluate"]),
        (
            {"train": [{"agents": ["sarsa"], "samples": {"count": 1, "settings": {"a": {"low": 2.0, "high": 1.0}}}}]},
            ["low must not exceed high"],
        ),
        (
            {"train": [{"agents": ["x"]}], "evaluate": {"policies": ["y"]}, "scenarios": ["z"]},
            ["agent to train 'x'", "agent 'y'", "scenario 'z'"],
        ),
    ],
)
def test_what_is_wrong_is_told_all_at_once(more: Mapping[str, Any], problems: list[str], tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        opened(tmp_path, TINY, **more)
    lines = told.value.problems
    for problem in problems:
        assert any(problem in line for line in lines), lines


def test_the_cells_of_a_grid(tmp_path: Path) -> None:
    train = {"agents": ["sarsa"], "seeds": [7, 9], "grid": {"agents.sarsa.alpha": [0.1, 0.2]}, "episodes": {"sarsa": 4}}
    cells = opened(tmp_path, TINY, train=[train], scenarios=["flash_crowd", "ramp"]).cells
    trained = [cell for cell in cells if cell.kind == "train"]
    assert len(trained) == 2 * 2 * 2
    assert {cell.label for cell in trained} == {"sarsa[alpha=0.1]", "sarsa[alpha=0.2]"}
    assert {cell.seed for cell in trained} == {7, 9}
    assert {cell.settings["agents.sarsa.episodes"] for cell in trained} == {4}
    played = [cell for cell in cells if cell.needs]
    assert [cell.needs for cell in played] == [cell.address for cell in trained]
    assert len({cell.address for cell in cells}) == len(cells)


def test_samples_are_drawn_by_their_seed(tmp_path: Path) -> None:
    drawn = {"agents.sarsa.alpha": {"low": 0.01, "high": 1.0, "log": True}, "agents.sarsa.bins": [3, 4]}

    def labels(seed: int) -> list[str]:
        train = {"agents": ["sarsa"], "seeds": 1, "samples": {"count": 3, "seed": seed, "settings": drawn}}
        return [cell.label for cell in opened(tmp_path, TINY, train=[train]).cells if cell.kind == "train"]

    assert labels(1) == labels(1) != labels(2)
    assert len(set(labels(1))) == 3


def test_runs_meet_test_episodes_of_their_own_or_the_same(tmp_path: Path) -> None:
    first = scenario("flash_crowd").test_seed
    evaluate = {"policies": ["static-9"], "episodes": 2}

    def seeds(label: str, **more: Any) -> list[int]:
        cells = opened(tmp_path, TINY, evaluate={**evaluate, **more}).cells
        return [cell.seed for cell in cells if cell.kind == "evaluate" and cell.label == label]

    assert seeds("sarsa") == seeds("static-9") == [first, first + 1]
    assert seeds("sarsa", tests="shared") == [first, first]
    assert seeds("static-9", tests="shared") == [first]


def test_an_address_changes_with_what_the_records_follow_from_and_with_nothing_else(tmp_path: Path) -> None:
    def addresses(**more: Any) -> set[str]:
        return set(opened(tmp_path, RULES, **more).once)

    usual = addresses()
    assert addresses(name="another", report={"metric": "worker_seconds"}) == usual
    assert addresses(settings={"environment": {"max_steps": 3}}) == usual
    assert addresses(settings={"environment.max_steps": 4}).isdisjoint(usual)
    assert addresses(evaluate={"policies": ["static-9"], "episodes": 3}).isdisjoint(usual)
    assert addresses(evaluate={"policies": ["static-8"], "episodes": 2}).isdisjoint(usual)
    assert addresses(evaluate={"policies": ["static-9"], "episodes": 2, "record": "tasks"}).isdisjoint(usual)


def test_an_address_changes_with_a_policys_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.studies.cells import policy_content

    monkeypatch.syspath_prepend(tmp_path)
    mine = tmp_path / "mine_in_a_study.py"
    found = []
    for workers in (3, 4):
        mine.write_text(f"from agents.reactive import Static\ndef make(): return Static({workers})\n")
        policy_content.cache_clear()
        found.append(policy_content("mine_in_a_study:make"))
    assert len(set(found)) == 2
    assert policy_content("keda") == ""


def test_a_file_of_results_that_is_shared_is_named_by_an_absolute_path(tmp_path: Path) -> None:
    assert Path(opened(tmp_path, RULES).store.url).is_absolute()
    assert study_file(tmp_path).exists()
