"""Table rows as they are printed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.aggregate import aggregate
from analysis.pairs import compare_pairs
from analysis.results import as_results
from analysis.statistics import Interval
from analysis.tables import pair_rows, regret_rows, step_row, summary_rows, with_interval
from tests.analysis.data import episodes, rows


def test_summary_shows_mean_and_deviation_in_the_shown_unit() -> None:
    steps = pd.concat([rows(seed=1, rewards=(1.0,)), rows(seed=2, rewards=(3.0,), episode=1, qos_violations=1)])
    (row,) = summary_rows(as_results(aggregate(steps)))
    assert row == {
        "Agent": "a",
        "Episodes": "2",
        "Episode return": "2.00 ± 1.00",
        "QoS [%]": "90.00 ± 10.00",
        "Mean workers": "2.00 ± 0.00",
        "Max workers": "2.0 ± 0.0",
        "Worker-seconds [s]": "20 ± 0",
        "Scaling actions": "0.0 ± 0.0",
        "Unfinished tasks": "0.0 ± 0.0",
    }


def test_what_was_not_recorded_is_a_dash() -> None:
    (row,) = summary_rows(as_results({"agents": {"A": {"records": [{"rewards": [1.5]}]}}}))
    assert row["Episode return"] == "1.50 ± 0.00"
    assert row["QoS [%]"] == row["Worker-seconds [s]"] == "-"


def test_pairs_show_difference_interval_and_verdict() -> None:
    table = pd.concat([episodes(name, np.full(12, value), "mean_qos") for name, value in (("a", 0.9), ("b", 0.8))])
    (row,) = pair_rows(compare_pairs(table, "mean_qos", np.random.default_rng(0)))
    assert row["Difference [95 % interval]"] == "+10.00 [+10.00, +10.00]"
    assert (row["Mean"], row["Other's mean"], row["Verdict"], row["P(improvement)"]) == (
        "90.00",
        "80.00",
        "better",
        "1.00",
    )


def test_regrets_come_smallest_first() -> None:
    found = regret_rows({"far": Interval(1234.5, 1000.0, 1500.0), "near": Interval(-1.0, -2.0, 3.0)})
    assert found == [
        {"Agent": "near", "Regret [95 % interval]": "-1.00 [-2.00, +3.00]"},
        {"Agent": "far", "Regret [95 % interval]": "+1,234.50 [+1,000.00, +1,500.00]"},
    ]


def test_a_step_as_operators_read_it() -> None:
    observation = np.array([3, 41, 1, 600, 15, 2.25, 6.7, 4.56, 0.875], dtype=np.float32)
    assert step_row(observation, -1.25, {"step": 12, "time_s": 96.0, "requested_delta": 1}) == {
        "Step": "12",
        "Time [s]": "96.0",
        "Action": "+1",
        "Input": "3",
        "Waiting": "41",
        "Results": "1",
        "Output": "600",
        "Workers": "15",
        "QoS [%]": "87.5",
        "Mean [s]": "2.25",
        "Max [s]": "6.70",
        "Arrivals [1/s]": "4.56",
        "Reward": "-1.25",
    }


def test_one_episode_has_no_interval() -> None:
    assert with_interval(Interval(1.5, float("nan"), float("nan")), "total_reward") == "+1.50"
    assert with_interval(Interval(1.5, 1.0, 2.0), "total_reward") == "+1.50 [+1.00, +2.00]"
