"""What is added up: runs beside runs on the same episodes, whatever is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autoscaling_env.schema import NO_UNIT
from experiments.studies.findings import StudyFindings, interim_rows, runs_of


def found(returns: Mapping[tuple[str, str], Mapping[int, list[float]]], **more: Any) -> StudyFindings:
    """Return findings of episode returns by (place, label) and run."""
    rows = [
        (place, label, run, 100 * run + number, value, 0.9, 10.0)
        for (place, label), runs in returns.items()
        for run, values in runs.items()
        for number, value in enumerate(values)
    ]
    columns = ["place", "label", "run", "episode_seed", "total_reward", "qos_of_all_tasks", "worker_seconds"]
    episodes = pd.DataFrame(rows, columns=columns)
    said: dict[str, Any] = {"metric": "total_reward", "against": "rule", "best": "", "shared": False, **more}
    return StudyFindings(
        "s", episodes=episodes, runs=runs_of(episodes), checkpoints=pd.DataFrame(), done=1, total=2, **said
    )


def test_differences_are_of_runs_that_both_have() -> None:
    study = found({("p", "a"): {0: [1.0], 2: [3.0]}, ("p", "rule"): {0: [0.5], 1: [9.0], 2: [2.0]}})
    one, two = study.aligned("p", "a", "rule")
    assert (one.tolist(), two.tolist()) == ([1.0, 3.0], [0.5, 2.0])
    assert study.scored()["a"][0].tolist() == [0.5, 1.0]
    rows = {row["Policy"]: row for row in study.place_rows("p")}
    assert rows["a"]["Less rule"].startswith("+0.75 [")
    assert rows["rule"]["Less rule"] == NO_UNIT


def test_one_run_of_a_rule_stands_beside_all_where_tests_are_shared() -> None:
    returns = {("p", "a"): {0: [1.0], 1: [3.0]}, ("p", "rule"): {0: [0.5]}}
    assert found(returns).aligned("p", "a", "rule")[0].tolist() == [1.0]
    one, two = found(returns, shared=True).aligned("p", "a", "rule")
    assert (one.tolist(), two.tolist()) == ([1.0, 3.0], [0.5, 0.5])


def test_scores_lie_between_two() -> None:
    returns = {("p", "a"): {0: [2.0]}, ("p", "rule"): {0: [1.0]}, ("p", "best"): {0: [5.0]}}
    assert found(returns, best="best").scored() == {"a": [0.25], "rule": [0.0], "best": [1.0]}


def test_less_of_what_is_better_low_is_more() -> None:
    returns = {("p", "a"): {0: [2.0]}, ("p", "rule"): {0: [1.0]}}
    study = found(returns, metric="worker_seconds")
    assert study.scored()["a"][0].tolist() == [0.0]


def test_who_did_not_play_everywhere_is_in_no_aggregate() -> None:
    both = {("p", "rule"): {0: [1.0], 1: [2.0]}, ("q", "rule"): {0: [1.0], 1: [2.0]}, ("p", "a"): {0: [2.0], 1: [4.0]}}
    rows = found(both).tables()
    assert [row["Policy"] for row in rows["over all scenarios"]] == ["rule"]
    assert [row["Policy"] for row in rows["p"]] == ["rule", "a"]
    assert "1 of 2 cells are finished" in found(both).caption()


def test_the_interim_table_says_how_many_runs_it_is_of() -> None:
    rows = interim_rows({("p", "a"): [1.0, 2.0], ("q", "a"): [1.0], ("p", "b"): [3.0]}, "total_reward")
    assert rows[0]["Policy"] == "a"
    assert rows[0]["p"].endswith("n=2")
    assert "[" in rows[0]["p"]
    assert rows[0]["q"] == "1.00, n=1"
    assert rows[1]["q"] == NO_UNIT


@pytest.mark.parametrize("seeds", [1, 3])
def test_intervals_are_over_seeds_where_there_are_several_else_over_episodes(seeds: int) -> None:
    rng = np.random.default_rng(0)
    study = found({("p", "rule"): {run: rng.normal(size=20).tolist() for run in range(seeds)}})
    (row,) = study.place_rows("p")
    assert (row["Seeds"], row["Episodes"]) == (str(seeds), str(20 * seeds))
    assert "[" in row["Episode return [95 % interval]"]
