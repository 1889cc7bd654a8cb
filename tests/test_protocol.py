"""The benchmark protocol: what is played, what a result file must hold, and how it is added up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.errors import InputError
from benchmarks.protocol import leaderboard, v1
from benchmarks.protocol.playing import episodes_of, play
from benchmarks.protocol.submission import Submission, read
from experiments.setup import training_place
from workloads.scenarios import scenario_names

HERE = ("flash_crowd", "reference")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of two short episodes in two scenarios."""
    monkeypatch.setattr(v1, "RUNS", 2)
    monkeypatch.setattr(v1, "EPISODES", 2)
    monkeypatch.setattr(v1, "SETTINGS", {**v1.SETTINGS, "environment.max_steps": 5})


def played(policy: str, label: str | None = None) -> Submission:
    return play(policy, label=label or policy, by="tests", scenarios=HERE)


def submitted(folder: Path, **more: Any) -> Path:
    """Write three result files; the third with some of its fields changed."""
    for policy, label in (("static-9", v1.ZERO), ("static-30", v1.ONE)):
        played(policy, label).write(folder / f"{label}.json")
    (folder / "mine.json").write_text(json.dumps(played("keda", "mine").model_dump() | more))
    return folder


def test_the_scenarios_are_ours_and_no_test_episode_is_trained_on() -> None:
    assert set(v1.SCENARIOS) <= set(scenario_names())
    for name in v1.SCENARIOS:
        tested = [seed for run in episodes_of(name) for seed in run]
        assert len(set(tested)) == len(tested) == 4
        assert training_place(v1.setup(name)).train_seed == v1.training_seed(name, 0)


def test_a_policy_is_played_as_declared() -> None:
    found = played("static-9")
    assert list(found.scenarios) == list(HERE)
    for name, runs in found.scenarios.items():
        assert [run.episode_seeds for run in runs] == episodes_of(name)
        assert all(reward < 0 for run in runs for reward in run.total_reward)  # it is money
    assert found.runs("flash_crowd", "worker_seconds").shape == (2,)


def test_scores_are_0_for_the_best_constant_and_1_for_hindsight(tmp_path: Path) -> None:
    found = {each.policy: each for each in leaderboard.submissions(submitted(tmp_path), HERE)}
    zero, one = found[v1.ZERO], found[v1.ONE]
    for name in HERE:
        assert leaderboard.scores(zero, zero, one)[name].tolist() == [0, 0]
        assert leaderboard.scores(one, zero, one)[name].tolist() == [1, 1]
        mine = found["mine"].runs(name, "total_reward")
        least, most = (each.runs(name, "total_reward") for each in (zero, one))
        assert leaderboard.scores(found["mine"], zero, one)[name] == pytest.approx((mine - least) / (most - least))
    tables = leaderboard.leaderboard(list(found.values()))
    lines = tables["leaderboard"].splitlines()
    assert len(lines) == 5
    assert any(line.startswith(f"| {v1.ONE} | 1.00 [1.00, 1.00] |") for line in lines)
    assert tables["leaderboard-scenarios"].splitlines()[0] == "| policy | flash_crowd | reference |"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"protocol": "v0"}, "protocol v0; must be v1"),
        ({"training_steps": 2_000_000}, "2000000 training steps: too many"),
        ({"scenarios": {}}, "flash_crowd: not played"),
        ({"surprise": 1}, "not a result file"),
    ],
)
def test_a_result_file_keeps_to_the_protocol(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        leaderboard.submissions(submitted(tmp_path, **change), HERE)


def test_other_episodes_than_the_protocols_do_not_count(tmp_path: Path) -> None:
    submitted(tmp_path)
    data = json.loads((tmp_path / "mine.json").read_text())
    data["scenarios"]["reference"][0]["episode_seeds"] = [1, 2]
    data["scenarios"]["flash_crowd"][1]["total_reward"] = [-1.0]
    (tmp_path / "mine.json").write_text(json.dumps(data))
    with pytest.raises(InputError) as raised:
        read(tmp_path / "mine.json", {name: episodes_of(name) for name in HERE})
    assert [problem.partition(": ")[2] for problem in raised.value.problems] == [
        "flash_crowd: a run has not one total_reward for each episode",
        "reference: other test episodes than the protocol's",
    ]


def test_scores_need_both_ends(tmp_path: Path) -> None:
    (submitted(tmp_path) / "hindsight.json").unlink()
    with pytest.raises(InputError, match="no result file of hindsight, by which scores are measured"):
        leaderboard.submissions(tmp_path, HERE)
