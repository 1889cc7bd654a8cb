"""From step records to aggregated_results.json."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.aggregate import SERIES, aggregate, offered_load
from analysis.episodes import episode_table
from autoscaling_env.errors import RunError
from tests.analysis.data import EPISODES, played, rows

PUBLISHED_LISTS = [
    "rewards",
    "qos_rates",
    "worker_counts",
    "actions",
    "queue_lengths",
    "avg_times",
    "max_times",
    "arrival_rates",
]
PUBLISHED_SUMMARY = [
    "total_reward",
    "mean_reward",
    "final_qos_total",
    "mean_qos",
    "mean_workers",
    "max_workers",
    "scaling_actions",
    "noop_actions",
    "unfinished_tasks",
    "qos_violations",
    "processed_tasks",
]


def test_the_published_layout() -> None:
    data = aggregate(*played(), meta={"seed": 5})
    assert list(data) == ["agents", "meta"]
    assert list(data["agents"]) == ["static-8", "static-14"]
    for agent in data["agents"].values():
        assert len(agent["records"]) == EPISODES
        assert list(agent["summary"])[:11] == PUBLISHED_SUMMARY
        assert all(sorted(figure) == ["mean", "std"] for figure in agent["summary"].values())
        for record in agent["records"]:
            assert list(record)[:8] == PUBLISHED_LISTS
            assert len({len(record[name]) for name in [*SERIES, "offered_load"]}) == 1
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_the_records_are_the_steps() -> None:
    steps, tasks = played()
    data = aggregate(steps, tasks)
    for (agent, episode), part in steps.groupby(["agent", "episode"]):
        record = data["agents"][agent]["records"][episode]
        assert record["rewards"] == part["reward"].tolist()
        for name, column in (("queue_lengths", "observed_worker_queue"), ("avg_times", "observed_avg_processing_time")):
            assert (np.array(record[name], dtype=np.float32) == part[column].to_numpy()).all()


def test_figures_of_an_episode_by_hand() -> None:
    steps = rows(
        rewards=(1.0, -2.0, 4.0),
        requested_delta=[2, 0, -1],
        requested_workers=[4, 4, 3],
        time_s=[10.0, 20.0, 25.0],
        processed_tasks=[4, 8, 10],
        unfinished_tasks=[16, 12, 10],
        qos_violations=[0, 1, 2],
        observed_qos_rate=np.array([1.0, 0.75, 0.5], dtype=np.float32),
    )
    row = episode_table(steps).iloc[0].to_dict()
    expected = {
        "steps": 3,
        "total_reward": 3.0,
        "mean_reward": 1.0,
        "mean_qos": 0.75,
        "final_qos_total": 0.8,
        "qos_of_all_tasks": 0.4,
        "mean_workers": pytest.approx(11 / 3),
        "max_workers": 4,
        "scaling_actions": 2,
        "noop_actions": 1,
        "worker_seconds": 4 * 10 + 4 * 10 + 3 * 5,
    }
    assert {name: row[name] for name in expected} == expected
    record = aggregate(steps)["agents"]["a"]["records"][0]
    assert record["actions"] == [2, 1, 0]
    assert record["requested_deltas"] == [2, 0, -1]


def test_nothing_collected_counts_as_the_published_definition_says() -> None:
    row = episode_table(rows(processed_tasks=0, unfinished_tasks=9)).iloc[0]
    assert (row["final_qos_total"], row["qos_of_all_tasks"]) == (1.0, 0.0)
    empty = episode_table(rows(processed_tasks=0, unfinished_tasks=0)).iloc[0]
    assert empty["qos_of_all_tasks"] == 1.0


def test_summary_is_the_population_standard_deviation() -> None:
    steps = pd.concat([rows(seed=1, rewards=(1.0,)), rows(seed=2, rewards=(3.0,), episode=1)])
    assert aggregate(steps)["agents"]["a"]["summary"]["total_reward"] == {"mean": 2.0, "std": 1.0}


def test_same_steps_same_bytes() -> None:
    first, second = (json.dumps(aggregate(*played())) for _ in range(2))
    assert first == second


def test_offered_load_is_half_open() -> None:
    load = offered_load(
        np.array([10.0, 20.0]), np.array([10.0, 10.0]), np.array([0.0, 9.9, 10.0]), np.array([5, 10, 40])
    )
    assert load == [1.5, 4.0]


@given(
    st.lists(st.tuples(st.floats(0, 99.99), st.floats(0, 50)), max_size=40),
    st.lists(st.floats(0.5, 20), min_size=1, max_size=10),
)
@example([(1.4085449831703496, 1.0)], [1.4085449831703496, 16.0])  # the end of a step less its length rounds up
def test_all_work_that_arrives_is_offered_once(tasks: list[tuple[float, float]], lengths: list[float]) -> None:
    length_s = np.array(lengths)
    end_s = np.cumsum(length_s)
    arrival_s, service_s = (np.array(column) for column in zip(*sorted(tasks), strict=True)) if tasks else ([], [])
    load = np.array(offered_load(end_s, np.diff(end_s, prepend=0.0), arrival_s, service_s))
    expected = sum(service for arrival, service in tasks if arrival < end_s[-1])
    assert float(load @ length_s) == pytest.approx(expected, abs=1e-3)


def test_what_is_not_a_steps_file_is_explained() -> None:
    with pytest.raises(RunError, match=r"step records lack step, reward: not a steps\.parquet"):
        aggregate(rows().drop(columns=["reward", "step"]))
    with pytest.raises(RunError, match="empty: no episode was played"):
        aggregate(rows().iloc[:0])
