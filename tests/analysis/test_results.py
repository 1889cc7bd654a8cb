"""Reading aggregated_results.json: ours, and files published by others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.aggregate import aggregate
from analysis.results import as_results, read_aggregated
from autoscaling_env.errors import RunError
from tests.analysis.data import played


def record(**more: Any) -> dict[str, Any]:
    return {"rewards": [1.0, 2.0, 3.0], **more}


def agents(**records: Any) -> dict[str, Any]:
    return {"agents": {name: {"records": [each]} for name, each in records.items()}}


def test_what_was_written_is_read(tmp_path: Path) -> None:
    data = aggregate(*played(), meta={"seed": 5})
    path = tmp_path / "aggregated_results.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    results = read_aggregated(path)
    assert results.meta == {"seed": 5}
    for name, agent in data["agents"].items():
        summary = {
            key: {"mean": figure.mean, "std": figure.std} for key, figure in results.agents[name].summary.items()
        }
        assert summary == agent["summary"]
        assert [each.summary for each in results.agents[name].records] == [each["summary"] for each in agent["records"]]
    assert results.episodes()["episode_seed"].tolist() == [40, 41, 42] * 2


def test_only_rewards_are_needed() -> None:
    results = as_results(agents(SARSA=record()))
    assert {name: figure.mean for name, figure in results.agents["SARSA"].summary.items()} == {
        "total_reward": 6.0,
        "mean_reward": 2.0,
    }
    assert results.episodes()["episode_seed"].isna().all()


def test_figures_that_follow_from_the_lists_are_computed_and_given_ones_kept() -> None:
    given = record(actions=[0, 1, 2], worker_counts=[1, 2, 6], qos_rates=[1, 0.5, 0.75], summary={"mean_qos": 0.9})
    found = as_results(agents(DQN=given)).agents["DQN"].records[0].summary
    assert found["scaling_actions"] == 2
    assert found["noop_actions"] == 1
    assert found["mean_workers"] == 3
    assert found["max_workers"] == 6
    assert found["mean_qos"] == 0.9


def test_per_cent_is_understood() -> None:
    given = record(qos_rates=[100.0, 90.0, 95.0], summary={"final_qos_total": 0.5})
    found = as_results(agents(DQN=given)).agents["DQN"]
    assert found.records[0].qos_rates == pytest.approx([1.0, 0.9, 0.95])
    assert found.summary["final_qos_total"].mean == pytest.approx(0.005)


def test_the_bare_mapping_others_publish_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "aggregated_results.json"
    path.write_text(json.dumps(agents(DQN=record())["agents"]), encoding="utf-8-sig")
    assert list(read_aggregated(path).agents) == ["DQN"]


BROKEN: list[tuple[Any, str]] = [
    ([], "f: top level: Input should be a valid JSON object"),
    ({"agents": {}}, "f: agents: Dictionary should have at least 1 item after validation, not 0"),
    ({"agents": {"A": {}}}, "f: agent A records: Field required"),
    (
        {"agents": {"A": {"records": []}}},
        "f: agent A records: List should have at least 1 item after validation, not 0",
    ),
    ({"agents": {"A": {"records": [{}]}}}, "f: agent A record 0 rewards: Field required"),
    (
        agents(A={"rewards": []}),
        "f: agent A record 0 rewards: List should have at least 1 item after validation, not 0",
    ),
    (agents(A={"rewards": [1, "2"]}), "f: agent A record 0 rewards 1: Input should be a valid number"),
    (agents(A={"rewards": [1, float("nan")]}), "f: agent A record 0 rewards 1: Input should be a finite number"),
    (agents(A=record(actions=[1])), "f: agent A record 0: actions has 1 entries, rewards 3: one per step each"),
    (agents(A=record(summary=3)), "f: agent A record 0 summary: Input should be a valid dictionary"),
    (agents(A=record(summary={"x": None})), "f: agent A record 0 summary x: Input should be a valid number"),
    (agents(A=record(episode_seed=1.5)), "f: agent A record 0 episode_seed: Input should be a valid integer"),
]


@pytest.mark.parametrize(("data", "message"), BROKEN, ids=[message[3:40] for _, message in BROKEN])
def test_wrong_shapes_name_agent_record_and_key(data: Any, message: str) -> None:
    with pytest.raises(RunError) as caught:
        as_results(data, "f")
    assert caught.value.problems == (message,)


def test_all_problems_at_once() -> None:
    with pytest.raises(RunError) as caught:
        as_results(agents(A={"rewards": ["x", "y"]}, B={}), "f")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"]
)
def test_what_is_not_json_is_explained(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "aggregated_results.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"aggregated_results\.json: cannot be read: "):
        read_aggregated(path)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"nothing\.json: cannot be read: .*No such file"):
        read_aggregated(tmp_path / "nothing.json")
