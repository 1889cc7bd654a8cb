"""Records as a table."""

from __future__ import annotations

import pandas as pd

from autoscaling_env.records import INFO_COLUMNS
from autoscaling_env.schema import recorded_columns
from operate.journal.frame import OBJECTIVE, OWN, frame
from operate.record import Bend, Record
from tests.operate.journal.records import BEGIN, tick

INFO = {name: kind(1) if kind is not str else "ok" for name, kind in INFO_COLUMNS.items()}


def start(number: int = 0) -> Record:
    return Record(kind="start", at=BEGIN.isoformat(), operator="one", tick=number, time_s=0.0)


def test_the_columns_are_those_of_a_run_and_the_journals_own() -> None:
    found = frame([tick(0)])
    assert list(found.columns) == [column.name for column in recorded_columns(OBJECTIVE)] + list(OWN)
    assert list(frame([]).columns) == list(found.columns)


def test_a_row_has_what_the_policy_saw_and_what_was_decided() -> None:
    bends = (Bend("change_per_tick", 9, 5, "at most 2"), Bend("bounds", 5, 4, "at most 4"))
    record = tick(3, info=INFO | {"step": 3}, observation=(1.0,) * 9, seen={"backlog": 12.0}, bends=bends, proposed=9)
    (row,) = frame([record]).to_dict("records")
    assert (row["agent"], row["step"], row["scale_reason"], row["observed_worker_queue"]) == ("little", 3, "ok", 1.0)
    assert (row["seen_backlog"], row["bends"], row["proposed"]) == (12.0, "change_per_tick 9>5, bounds 5>4", 9)
    assert row["at"] == pd.Timestamp(record.at)


def test_what_nobody_knows_is_empty_and_what_the_platform_said_is_not() -> None:
    (row,) = frame([tick(0, requested=5, ready=3)]).to_dict("records")
    assert (row["requested_workers"], row["workers_ready"]) == (5, 3)
    assert pd.isna(row["reward"])
    assert pd.isna(row["busy_workers"])
    assert pd.isna(row["seen_arrived"])


def test_an_estimated_count_is_a_whole_one() -> None:
    assert frame([tick(0, info={"worker_queue": 2.6, "busy_workers": 2.6})])["busy_workers"].tolist() == [3]


def test_an_episode_is_a_run_of_a_controller() -> None:
    records = [start(), tick(0), tick(1), start(), tick(0), tick(1), tick(0), tick(0, operator="two"), tick(1)]
    assert frame(records)["episode"].tolist() == [0, 0, 1, 1, 2, 3, 2]


def test_time_goes_on_where_the_policy_begins_a_new_period() -> None:
    found = frame([tick(8, info=INFO | {"step": 8, "time_s": 64.0}), tick(9, info=INFO)])
    assert list(found["time_s"]) == [64.0, 72.0]
    assert list(found["step"]) == [8, 9]
