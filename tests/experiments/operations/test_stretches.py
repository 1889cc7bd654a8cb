"""What of a journal can be played, and the tasks it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoscaling_env.errors import InputError
from experiments.operations.demand import Beliefs, Counts, Demand, ShuffledDemand
from experiments.operations.played import Played, read_stretches
from experiments.operations.twin import seen_startups
from operate.record import Record
from tests.experiments.operations.recorder import BEGIN, World, write_journal

START = World().start("little")
BELIEFS = Beliefs(within_s=10.0, from_start=False, service_s=2.0, variation=0.5)


def ticks(count: int, *, first: int = 0, **more: Any) -> list[Record]:
    seen = {"backlog": 4.0, "in_flight": 2.0, "arrived": 10.0, "completed": 10.0, "missed": 1.0, "service_s": 1.5}
    rows = []
    for number in range(first, first + count):
        at = (BEGIN + timedelta(seconds=8.0 * number)).isoformat()
        row = Record(
            at=at, operator="one", tick=number, time_s=8.0 * number, step_s=8.0, seen=seen, requested=3, ready=3
        )
        rows.append(replace(row, **more))
    return rows


def read(folder: Path, records: Sequence[Record]) -> Played:
    return read_stretches(write_journal(records, folder))


def test_ticks_in_a_row_are_one_stretch(tmp_path: Path) -> None:
    (stretch,) = read(tmp_path, [START, *ticks(21)]).stretches
    assert len(stretch) == 20
    assert stretch.arrived.sum() == 200
    assert stretch.first.backlog == 4
    assert stretch.ends == BEGIN + timedelta(seconds=160)


def test_a_few_missing_ticks_are_bridged_and_their_tasks_shared(tmp_path: Path) -> None:
    records = [START, *ticks(10), *ticks(10, first=13)]
    records[11] = replace(records[11], seen={**records[11].seen, "arrived": 40.0})
    played = read(tmp_path, records)
    (stretch,) = played.stretches
    assert len(stretch) == 22
    assert stretch.arrived[9:13].tolist() == [10.0] * 4
    assert stretch.known[9:13].tolist() == [False, False, False, True]
    assert np.isnan(stretch.backlog[9])
    assert played.notes == ()


def test_a_longer_gap_cuts_and_is_told(tmp_path: Path) -> None:
    played = read(tmp_path, [START, *ticks(12), *ticks(15, first=16)])
    assert [len(stretch) for stretch in played.stretches] == [11, 14]
    assert len(played.longest) == 14
    assert played.notes == ("nobody saw the queue for 40 s from 2026-11-29 08:01:28 on; it is not played",)


def test_a_stale_tick_is_as_good_as_missing(tmp_path: Path) -> None:
    records = [START, *ticks(20)]
    records[5] = replace(records[5], stale="nothing new for 31 s", seen={})
    (stretch,) = read(tmp_path, records).stretches
    assert len(stretch) == 19
    assert not stretch.known[3]


def test_a_controller_that_was_started_anew_begins_a_stretch(tmp_path: Path) -> None:
    later = [replace(each, time_s=each.time_s - 96, tick=each.tick - 12) for each in ticks(12, first=12)]
    played = read(tmp_path, [START, *ticks(12), START, *later])
    assert [len(stretch) for stretch in played.stretches] == [11, 11]


def test_what_two_controllers_saw_is_played_once(tmp_path: Path) -> None:
    both = [each for pair in zip(ticks(20), ticks(20, operator="two"), strict=True) for each in pair]
    played = read(tmp_path, [START, *both])
    assert len(played.stretches) == 1
    assert "another controller saw, too" in played.notes[0]


def test_the_promise_is_that_of_the_last_start_even_before_the_time_asked_for(tmp_path: Path) -> None:
    changed = World(within_s=99.0).start("little")
    folder = write_journal([START, *ticks(12), changed, *ticks(30, first=12)], tmp_path)
    played = read_stretches(folder, since=BEGIN + timedelta(seconds=200))
    assert played.settings.objective.within_s == 99.0
    assert "another objective" in " ".join(read_stretches(folder).notes)


def test_a_journal_that_cannot_be_played_is_one_line(tmp_path: Path) -> None:
    for name, records, said in (
        ("short", [START, *ticks(5)], "no 10 ticks in a row"),
        ("blind", [START, *ticks(30, seen={"arrived": 3.0})], "no 10 ticks in a row"),
        ("unsaid", ticks(30), "no record of a controller's start"),
        ("wrong", [replace(START, info={"bounds": {"max": 3}}), *ticks(30)], "objective: field required"),
    ):
        with pytest.raises(InputError, match=said) as error:
            read(tmp_path / name, records)
        assert "\n" not in str(error.value)


def test_tasks_come_evenly_and_what_was_there_is_there_at_the_beginning() -> None:
    counts = Counts(8.0, np.array([2.0, 0.0, 4.0]), np.array([np.nan, 3.0, np.nan]), waiting=2, held=1, oldest_s=6.0)
    batch = Demand("some", counts, BELIEFS).draw(1)
    assert batch.arrival_s.tolist() == [0, 0, 0, 2, 6, 17, 19, 21, 23]
    assert batch.deadline_s.tolist() == [4, 4, 7, 10, 10, 10, 10, 10, 10]
    assert batch.segment_start_s.tolist() == [0, 24]


def test_fractions_of_tasks_are_carried_on() -> None:
    counts = Counts(1.0, np.full(40, 0.3), np.full(40, 1.0))
    assert len(Demand("some", counts, BELIEFS).draw(1)) == 12


def test_work_has_the_mean_that_was_recorded_and_the_variation_believed() -> None:
    service_s = np.where(np.arange(400) < 200, 1.0, 4.0)
    demand = Demand("some", Counts(8.0, np.full(400, 10.0), service_s), replace(BELIEFS, scale=1.5))
    first, second = np.split(demand.draw(3).service_s, 2)
    assert first.mean() == pytest.approx(1.5)
    assert second.mean() == pytest.approx(6.0)
    assert second.std() / second.mean() == pytest.approx(0.5, rel=0.06)
    assert demand.mean_service_s == pytest.approx(3.75)
    assert demand.draw(3).service_s.tolist() == np.concatenate((first, second)).tolist()
    assert demand.draw(4).service_s.tolist() != demand.draw(3).service_s.tolist()


def test_a_promised_start_leaves_the_task_its_own_work() -> None:
    batch = Demand("some", Counts(8.0, np.full(3, 2.0), np.full(3, 1.0)), replace(BELIEFS, from_start=True)).draw(1)
    assert batch.deadline_s.tolist() == (10.0 + batch.service_s).tolist()


def test_a_shuffled_past_has_the_load_but_not_its_order() -> None:
    arrived = np.repeat([1.0, 9.0], 500)
    past = ShuffledDemand("past", [Counts(8.0, arrived, np.full(1000, 1.0))], BELIEFS, 300, 80.0)
    drawn = [np.bincount((past.draw(seed).arrival_s / 8).astype(int), minlength=300) for seed in range(20)]
    assert {len(each) for each in drawn} == {300}
    assert set(np.unique(drawn)) <= {1, 9}
    assert np.mean(drawn) == pytest.approx(5.0, rel=0.15)
    assert drawn[0].tolist() != drawn[1].tolist()


def test_startups_are_told_from_rises_and_a_fall_takes_those_that_are_not_ready(tmp_path: Path) -> None:
    counts = [(1, 1), (3, 1), (3, 1), (3, 3), (6, 3), (4, 3), (4, 4), *[(4, 4)] * 8]
    rows = [
        replace(each, requested=wanted, ready=ready) for each, (wanted, ready) in zip(ticks(15), counts, strict=True)
    ]
    (stretch,) = read(tmp_path, [START, *rows]).stretches
    # Two asked for at 0 s and ready between 16 and 24 s, one of three asked for at 24 s ready between 40 and 48 s.
    assert seen_startups(stretch) == [20.0, 20.0, 20.0]
