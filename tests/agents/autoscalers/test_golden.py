"""Every recorded decision of the real controllers, exactly."""

from __future__ import annotations

import pytest

from tests.agents.autoscalers.golden import (
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
        rows = kpa_rows(case)
        for window in ("stable", "panic"):
            assert [row[window] for row in rows] == case[window]


@by_id("keda")
class TestKeda:
    def test_replicas(self, case: Case) -> None:
        assert golden_decisions(case) == case["expected_replicas"]

    def test_last_active_time(self, case: Case) -> None:
        assert [last for _, last in keda_rows(case)] == case["expected_last_active_s"]


EMPTY: dict[str, Case] = {
    "hpa": {"settings": {"target": 5}, "initial_replicas": 1, "metric": [], "status_replicas": [], "spec_replicas": []},
    "kpa": {
        "settings": {"target_value": 7, "total_value": 10},
        "initial_ready_pods": 0,
        "ready_pods": [],
        "sample_time_s": [],
        "sample": [],
    },
    "keda": {"settings": {}, "replicas_before": [], "active": [], "error": []},
}


class TestFormat:
    """What a line of the recordings may leave out or add."""

    @pytest.mark.parametrize("rule", EMPTY)
    def test_no_time_no_decisions(self, rule: str) -> None:
        assert golden_decisions({"time_s": [], **EMPTY[rule]}) == []

    @pytest.mark.parametrize("rule", EMPTY)
    def test_the_rule_is_known_by_its_inputs_and_unknown_keys_are_ignored(self, rule: str) -> None:
        for case in golden_cases(rule)[::20]:
            other = {key: value for key, value in case.items() if key not in ("rule", "id", "series", "family")}
            other["settings"] = case["settings"] | {"unknown": {"a": 1}}
            assert golden_decisions(other | {"unknown": [None]}) == golden_decisions(case)

    @pytest.mark.parametrize("rule", EMPTY)
    def test_answers_are_not_looked_at(self, rule: str) -> None:
        answers = ("metric_read", "initial_panic")
        for case in golden_cases(rule)[::20]:
            drop = ("stable", "panic") if "sample" in case else ()
            inputs = {key: case[key] for key in case if not key.startswith("expected") and key not in answers + drop}
            assert golden_decisions(inputs) == golden_decisions(case)

    def test_an_hpa_without_its_recorded_replicas_runs_closed_loop(self) -> None:
        for case in golden_cases("hpa")[::20]:
            inputs = {key: value for key, value in case.items() if key != "spec_replicas"}
            assert golden_decisions(inputs) == case["expected_replicas"]

    def test_left_out_and_null_are_the_same(self) -> None:
        for rule in EMPTY:
            for case in golden_cases(rule)[::20]:
                nulls = [key for key, value in case["settings"].items() if value is None and key != "behavior"]
                settings = {key: value for key, value in case["settings"].items() if key not in nulls}
                assert golden_decisions(case | {"settings": settings}) == golden_decisions(case)
        case = golden_cases("hpa")[0]
        assert golden_decisions(case | {"external_scale": None}) == golden_decisions(case)

    def test_a_behavior_as_written_is_enough(self) -> None:
        for case in golden_cases("hpa")[::10]:
            settings = {key: value for key, value in case["settings"].items() if key != "behavior"}
            assert golden_decisions(case | {"settings": settings}) == case["expected_replicas"]
