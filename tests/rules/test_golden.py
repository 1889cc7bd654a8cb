"""Every recorded decision of the real controllers, exactly."""

from __future__ import annotations

import pytest

from tests.rules.golden import (
    Case,
    behavior_of,
    golden_cases,
    golden_decisions,
    hpa_decisions,
    hpa_metric_reads,
    keda_rows,
    kpa_rows,
)


def by_id(rule: str) -> pytest.MarkDecorator:
    cases = golden_cases(rule)
    return pytest.mark.parametrize("case", cases, ids=[case["id"] for case in cases])


@by_id("hpa")
class TestHpa:
    def test_open_loop(self, case: Case) -> None:
        assert golden_decisions(case) == case["expected_replicas"]

    def test_closed_loop(self, case: Case) -> None:
        assert hpa_decisions(case, closed_loop=True) == case["expected_replicas"]

    def test_the_metric_is_read_when_the_original_reads_it(self, case: Case) -> None:
        assert hpa_metric_reads(case) == case["metric_read"]

    def test_what_was_left_out_takes_the_defaults_of_the_api_server(self, case: Case) -> None:
        settings = case["settings"]
        assert behavior_of(settings["behavior_as_written"]) == behavior_of(settings["behavior"])


@by_id("kpa")
class TestKpa:
    def test_desired_pods(self, case: Case) -> None:
        assert golden_decisions(case) == case["expected_desired"]

    def test_excess_burst_capacity_and_panic_mode(self, case: Case) -> None:
        rows = kpa_rows(case)
        assert [row["excess_burst_capacity"] for row in rows] == case["expected_excess_burst_capacity"]
        assert [row["panic_mode"] for row in rows] == case["expected_panic_mode"]

    def test_averages_of_the_buckets(self, case: Case) -> None:
        # Weighted averages contain a power that may differ in its last bit between languages.
        tolerance = 0.0 if case["settings"]["aggregation"] == "linear" else 1e-9
        for window in ("stable", "panic"):
            ours = [row[window] for row in kpa_rows(case)]
            assert [value is None for value in ours] == [value is None for value in case[window]]
            for mine, theirs in zip(ours, case[window], strict=True):
                assert mine is None or mine == pytest.approx(theirs, rel=0, abs=tolerance)


@by_id("keda")
class TestKeda:
    def test_replicas(self, case: Case) -> None:
        assert golden_decisions(case) == case["expected_replicas"]

    def test_last_active_time(self, case: Case) -> None:
        assert [last for _, last in keda_rows(case)] == case["expected_last_active_s"]
