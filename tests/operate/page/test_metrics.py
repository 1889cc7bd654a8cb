"""What Prometheus is told."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from autoscaling_env import __version__
from operate.config import PageConfig
from operate.page import PageServer
from operate.page.catalogue import Side
from operate.record import Bend
from tests.operate.page.records import facts, records
from tests.operate.page.served import Time, samples, served

HOUR = list(records(400))


def test_gauges_tell_the_last_record() -> None:
    last = HOUR[320]  # in the burst
    with served(HOUR[:321]) as page:
        found = samples(page)
    assert found["info", ("act", "operate-7c9f-x2", "planner", __version__)] == 1
    assert (found["leader", ()], found["acting", ()]) == (1, 1)
    assert found["backlog_tasks", ()] == last.seen["backlog"]
    assert [found["workers", (state,)] for state in ("requested", "applied", "ready", "draining")] == [
        last.requested, last.applied, last.ready, last.draining,
    ]  # fmt: skip
    assert (found["wanted_workers", ()], found["proposed_workers", ()]) == (last.wanted, last.proposed)
    assert (found["limit_workers", ("min",)], found["limit_workers", ("max",)]) == (2, 24)
    assert last.forecast is not None
    assert {level: found["forecast_tasks", (level,)] for level in last.forecast} == {
        level: steps[0] for level, steps in last.forecast.items()
    }
    assert found["slo_objective_ratio", ()] == 0.98
    assert last.burn is not None
    assert last.burn > 1
    assert found["slo_error_budget_ratio", ()] == pytest.approx(1 - last.burn)
    assert found["last_tick_timestamp_seconds", ()] == 1772614800.0 + 320 * 8.0


def test_what_nobody_knows_has_no_sample() -> None:
    unknown = replace(
        HOUR[0],
        seen={"backlog": 3.0, "arrived": None},
        share_met=None,
        burn=None,
        forecast=None,
        proposed=None,
        term=None,
    )
    with served([unknown]) as page:
        found = {name for name, _ in samples(page)}
        values = samples(page)
    absent = {
        "in_flight_tasks", "oldest_task_age_seconds", "service_time_seconds", "slo_met_ratio", "slo_burn_rate",
        "slo_error_budget_ratio", "forecast_tasks", "proposed_workers",
    }  # fmt: skip
    assert not found & absent
    assert values["leader", ()] == 0
    assert values["tasks_arrived_total", ()] == 0


def test_before_the_first_tick_there_is_what_is_configured() -> None:
    with served() as page:
        found = samples(page)
    assert found["info", ("act", "", "planner", __version__)] == 1
    assert found["ticks_total", ()] == 0
    assert "backlog_tasks" not in {name for name, _ in found}


def test_counters_only_grow_and_add_up() -> None:
    odd = [
        replace(HOUR[100], hours_today=0.25),  # a new day
        replace(HOUR[101], hours_today=0.5, seen={"arrived": -4.0, "completed": math.nan, "missed": None}),
        replace(HOUR[102], hours_today=0.5, changed_by="somebody set 9, it was 7"),
    ]
    played = [*HOUR[:100], *odd]
    before: dict[tuple[str, tuple[str, ...]], float] = {}
    with served() as page:
        for place in range(0, len(played), 10):
            for record in played[place : place + 10]:
                page.publish(record)
            now = {
                key: value for key, value in samples(page).items() if key[0].endswith(("_total", "_bucket", "_count"))
            }
            assert all(now[key] >= value for key, value in before.items())
            before = now
    assert before["ticks_total", ()] == len(played)
    assert before["tasks_arrived_total", ()] == sum(record.seen["arrived"] or 0 for record in [*HOUR[:101], HOUR[102]])
    assert before["foreign_changes_total", ()] == 1
    hours = HOUR[99].hours_today - HOUR[0].hours_today + 0.25 + 0.25
    assert before["worker_seconds_total", ()] == pytest.approx(3600 * hours)
    assert before["policy_duration_seconds_count", ()] == len(played)


def test_decisions_bends_and_writes_are_counted_by_what_they_are() -> None:
    plain = replace(HOUR[0], bends=(), written=None, outcome="", skipped=0)
    bends = (Bend("bounds", 30, 24, "at most 24"), Bend("change_per_tick", 24, 9, "at most 2"))
    told = [
        plain,
        replace(plain, decided_by="hpa", bends=bends, written=9, outcome="clamped_by_platform"),
        replace(plain, decided_by="hold", bends=bends[:1], skipped=3),
        replace(plain, written=9, outcome="rejected a sentence that no label should hold"),
    ]
    with served(told) as page:
        found = samples(page)
    assert {by: found["decisions_total", (by,)] for by in ("planner", "hpa", "hold")} == {
        "planner": 2,
        "hpa": 1,
        "hold": 1,
    }
    assert found["guardrail_bends_total", ("bounds",)] == 2
    assert found["guardrail_bends_total", ("change_per_tick",)] == 1
    assert found["writes_total", ("clamped_by_platform",)] == 1
    assert found["writes_total", ("rejected",)] == 1
    assert found["ticks_skipped_total", ()] == 3


def test_in_shadow_no_write_is_ever_counted() -> None:
    shadow = records(60, mode="shadow", acting=False, written=None, outcome="")
    with served(shadow) as page:
        assert not [name for name, _ in samples(page) if name == "writes_total"]


def test_errors_are_counted_by_side_and_begin_at_zero() -> None:
    with served() as page:
        page.failed(Side.SOURCE)
        page.failed(Side.SOURCE)
        found = {side: samples(page)["errors_total", (side,)] for side in Side}
    assert found == {side: 2 if side is Side.SOURCE else 0 for side in Side}


def test_start_and_end_of_a_controller_are_no_ticks() -> None:
    with served([replace(HOUR[0], kind="start"), HOUR[0], replace(HOUR[1], kind="end")]) as page:
        assert samples(page)["ticks_total", ()] == 1


def test_a_label_of_any_text_is_written_so_that_it_can_be_read() -> None:
    name = 'a"b\\c\nd'
    with served([replace(HOUR[0], decided_by=name)]) as page:
        assert samples(page)["decisions_total", (name,)] == 1


def test_a_registry_that_is_given_is_used() -> None:
    registry = CollectorRegistry()
    page = PageServer(PageConfig(port=0), facts(), Time(), registry)
    page.publish(HOUR[0])
    assert registry.get_sample_value("autoscale_operate_ticks_total") == 1
