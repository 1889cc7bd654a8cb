"""``autoscale merge``: recorded runs beside each other."""

from __future__ import annotations

import json
from pathlib import Path


def run_of(autoscale, agents: str, *more: object) -> str:
    data = autoscale("compare", "--agents", agents, "--episodes", 2, "--max-steps", 4, "--json", *more).json()
    return data["files"]["records"]


def test_two_runs_become_one_with_table_report_and_picture(autoscale) -> None:
    one, other = run_of(autoscale, "static-12,keda"), run_of(autoscale, "static-12", "--engine", "simpy")
    data = autoscale("merge", f"fast={one}", other, "--json").json()
    assert list(data["agents"]) == ["static-12 (fast)", "keda (fast)", "static-12"]
    assert data["agents"]["static-12 (fast)"] == data["agents"]["static-12"]  # the engines are twins
    for name in ("workers over time", "report"):
        assert Path(data["files"][name]).stat().st_size > 10_000
    folder = Path(data["files"]["records"])
    assert json.loads((folder / "aggregated_results.json").read_text())["meta"]["merged"] == {
        "fast": one,
        "simpy": other,
    }


def test_a_label_names_the_only_agent_of_a_run(autoscale) -> None:
    run = run_of(autoscale, "static-12")
    assert list(autoscale("merge", f"mine={run}", run, "--json").json()["agents"]) == ["mine", "static-12"]
    outcome = autoscale("merge", f"mine={run}", f"mine={run}")
    assert (outcome.code, "both call an agent 'mine': give them labels" in outcome.err) == (2, True)


def test_what_cannot_be_merged_is_told_at_once_and_nothing_is_written(autoscale) -> None:
    one = run_of(autoscale, "static-12")
    outcome = autoscale("merge", one, "gone=nowhere", "--output-dir", "merged")
    assert outcome.code == 2
    assert "nowhere: not a comparison's run (no steps.parquet in it)" in outcome.err
    assert autoscale("merge", one).err.strip().endswith("name at least two runs")
    other = run_of(autoscale, "static-12", "--seed", 5)
    outcome = autoscale("merge", one, other, "--output-dir", "merged")
    assert (outcome.code, "share no episode seed" in outcome.err) == (2, True)
    assert not Path("merged").exists()


def test_a_run_of_several_scenarios_says_which_to_name(autoscale) -> None:
    several = run_of(autoscale, "static-12", "--scenarios", "reference,oscillating")
    outcome = autoscale("merge", several, f"{several}/reference")
    assert outcome.code == 2
    assert "name one of its scenarios: oscillating, reference" in outcome.err
