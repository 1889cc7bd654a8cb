"""Simulated against live: pairing, errors, ranking."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.gap import JUDGED, gap_report, paired_steps
from analysis.gap_tables import gap_metric_rows, gap_rows, ranking_rows
from autoscaling_env.errors import RunError
from autoscaling_env.observation import FIELDS
from tests.analysis.data import played, rows


def report(sim: pd.DataFrame, live: pd.DataFrame, **tasks: Any) -> dict[str, Any]:
    found = gap_report(sim, live, np.random.default_rng(0), **tasks)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def test_a_run_has_no_gap_to_itself() -> None:
    steps, tasks = played()
    found = report(steps, steps, sim_tasks=tasks, live_tasks=tasks)
    agents = ["static-8", "static-14"]
    assert found["paired"] == {"agents": agents, "episodes": 6, "steps": len(steps), "equal_actions": 1.0}
    for figures in (*found["observations"].values(), *found["tasks"].values()):
        assert figures["pairs"] > 0
        assert [figures[name] for name in ("bias", "mae", "rmse", "ks", "wasserstein")] == [0, 0, 0, 0, 0]
    assert all(figures["difference"] == 0 for metrics in found["metrics"].values() for figures in metrics.values())


def test_errors_by_hand() -> None:
    sim = rows(observed_worker_queue=np.array([0, 10], dtype=np.float32))
    live = rows(observed_worker_queue=np.array([3, 9], dtype=np.float32), requested_delta=[0, 1])
    found = report(sim, live)
    assert found["paired"]["equal_actions"] == 0.5
    assert found["observations"]["worker_queue"] == {
        "pairs": 2,
        "sim_mean": 5.0,
        "live_mean": 6.0,
        "bias": 1.0,
        "mae": 2.0,
        "rmse": pytest.approx(5**0.5),
        "ks": 0.5,
        "wasserstein": 2.0,
    }


def test_the_order_of_episodes_and_agents_is_of_no_matter() -> None:
    steps, _ = played()
    shuffled = pd.concat([part for _, part in list(steps.groupby(["agent", "episode_seed"]))[::-1]]).assign(episode=0)
    shuffled["episode"] = shuffled.groupby("agent")["episode_seed"].rank("dense", ascending=False).astype(int)
    assert report(steps, shuffled)["observations"] == report(steps, steps)["observations"]


def test_only_what_both_played_is_compared() -> None:
    steps, _ = played()
    part = steps[(steps["episode"] > 0) & (steps["step"] < 9)]
    assert report(steps, part)["paired"]["steps"] == len(part)


def test_tasks_that_never_finished_are_left_out() -> None:
    steps, tasks = played()
    lost = tasks.copy()
    lost.loc[lost.index[:50], ["started_s", "finished_s", "collected_s", "response_s"]] = np.nan
    found = report(steps, steps, sim_tasks=tasks, live_tasks=lost)["tasks"]["response_s"]
    both = tasks["response_s"].notna() & lost["response_s"].notna()
    assert found["pairs"] == int(both.sum())


def test_whether_both_worlds_rank_the_agents_the_same() -> None:
    def world(*totals: float) -> pd.DataFrame:
        return pd.concat([rows(agent, rewards=(total,)) for agent, total in zip("abc", totals, strict=True)])

    same = report(world(1, 2, 3), world(10, 20, 30))["ranking"]["total_reward"]
    assert same == {"sim": ["c", "b", "a"], "live": ["c", "b", "a"], "kendall_tau": 1.0}
    reverse = report(world(1, 2, 3), world(3, 2, 1))["ranking"]["total_reward"]
    assert reverse["kendall_tau"] == -1.0
    assert reverse["live"] == ["a", "b", "c"]
    assert report(world(1, 2, 3), world(3, 2, 1))["ranking"]["mean_workers"]["kendall_tau"] is None


def test_what_cannot_be_paired_is_explained() -> None:
    with pytest.raises(RunError, match="the runs share no agent with an episode seed"):
        paired_steps(rows(seed=1), rows(seed=2))
    with pytest.raises(RunError, match="the live run has an episode seed twice for one agent"):
        paired_steps(rows(), pd.concat([rows(), rows(episode=1)]))


def test_rows_for_the_terminal() -> None:
    steps, tasks = played()
    found = report(steps, steps, sim_tasks=tasks, live_tasks=tasks)
    assert len(gap_rows(found)) == len(FIELDS) + 4
    assert gap_rows(found)[1]["Quantity"] == "worker_queue [tasks]"
    assert len(gap_metric_rows(found)) == 2 * len(JUDGED)
    assert gap_metric_rows(found)[0]["Live - simulated [95 % interval]"] == "+0.00 [+0.00, +0.00]"
    assert ranking_rows(found)[0]["Kendall's tau"] == "1.000"
    alone = report(rows(), rows())
    assert gap_metric_rows(alone)[0]["Live - simulated [95 % interval]"] == "+0.00"
