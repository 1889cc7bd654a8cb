"""docs/metrics.md lists exactly what is recorded."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np

from analysis.aggregate import aggregate
from analysis.gap import gap_report
from analysis.metrics import METRICS
from autoscaling_env.config import default_config
from autoscaling_env.info import INFO_KEYS
from autoscaling_env.observation import FIELDS
from autoscaling_env.run_folder import manifest
from autoscaling_env.schema import RANDOMIZED
from autoscaling_env.schema_page import tables, with_tables
from live.records import FILES
from tests.analysis.data import played
from tests.places import ROOT

PAGE = ROOT / "docs" / "metrics.md"


def listed(heading: str) -> list[str]:
    """The names in the first column of the table under a heading."""
    text = PAGE.read_text("utf-8")
    section = re.split(r"^#+ ", text, flags=re.M)
    part = next(part for part in section if part.startswith(heading + "\n"))
    return re.findall(r"^\| `(\w+)` \|", part, flags=re.M)


def test_every_column_of_the_steps_is_listed_and_no_other() -> None:
    shaped, cost = (list(played(objective)[0].columns) for objective in ("shaped", "cost"))
    own = [name for name in cost if name not in shaped]
    place = shaped.index("terminated")
    ends = shaped.index("observed_input_queue")
    assert listed("steps.parquet") == [*shaped[:place], *own, *shaped[place:ends], RANDOMIZED.name, *shaped[ends:]]


def test_every_key_of_info_is_listed() -> None:
    assert listed("info") == [*INFO_KEYS, RANDOMIZED.name]


def test_the_observation_is_listed_in_its_order() -> None:
    rows = re.findall(r"^\| (\d) \| `(\w+)` \|", PAGE.read_text("utf-8"), flags=re.M)
    assert [(int(index), name) for index, name in rows] == list(enumerate(FIELDS))


def test_the_tables_follow_from_the_schema() -> None:
    """``python -m autoscaling_env.schema_page docs/metrics.md`` writes them."""
    page = PAGE.read_text("utf-8")
    assert all(table in page for table in tables().values())
    assert with_tables(page) == page
    assert with_tables(page.replace("change the action asked for", "something else")) == page


def test_every_column_of_the_tasks_is_listed_and_no_other() -> None:
    assert listed("tasks.parquet") == list(played()[1].columns)


def test_every_column_of_the_live_files_is_listed_and_no_other() -> None:
    assert {name: tuple(listed(name)) for name in FILES} == FILES


def test_every_field_of_a_record_and_a_summary_is_listed() -> None:
    agent = aggregate(*played())["agents"]["static-8"]
    assert sorted(listed("Record")) == sorted(agent["records"][0])
    assert listed("Summary") == list(agent["records"][0]["summary"])
    assert listed("Summary")[1:] == list(agent["summary"]) == list(METRICS)


def test_the_better_direction_is_the_one_used() -> None:
    lines = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (higher|lower|neither) \|", PAGE.read_text("utf-8"), flags=re.M))
    assert {name: metric.better or "neither" for name, metric in METRICS.items()} == {
        name: lines[name] for name in METRICS
    }


def test_every_field_of_the_manifest_is_listed() -> None:
    found = manifest(default_config(), command=["autoscale"], seed=0, started=datetime(2026, 1, 1, tzinfo=UTC))
    assert sorted(listed("manifest.json")) == sorted(found)


def test_every_field_of_the_gap_report_is_listed() -> None:
    steps, tasks = played()
    report = gap_report(steps, steps, np.random.default_rng(0), sim_tasks=tasks, live_tasks=tasks)
    assert listed("gap.json") == list(report)
    text = PAGE.read_text("utf-8")
    for part in (report["paired"], *report["observations"].values(), *report["ranking"].values()):
        assert all(f"`{key}`" in text for key in part)
