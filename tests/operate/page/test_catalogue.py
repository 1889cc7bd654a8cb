"""The table of metrics is what is exported, and what the docs list."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as families

from operate.page.catalogue import CATALOGUE, PREFIX, Side
from tests.operate.page.records import records
from tests.operate.page.served import ask, served
from tests.places import ROOT
from tests.waiting import PATIENCE_S

HOUR = list(records(400))


def test_every_metric_of_the_catalogue_is_exported_and_no_other_of_ours() -> None:
    with served(HOUR) as page:
        text = ask(page, "/metrics").text
    ours = {family.name: family for family in families(text) if family.name.startswith(PREFIX)}
    assert {name: family.type for name, family in ours.items()} == {
        PREFIX + metric.name.removesuffix("_total"): metric.kind for metric in CATALOGUE
    }
    for metric in CATALOGUE:
        family = ours[PREFIX + metric.name.removesuffix("_total")]
        assert family.documentation == metric.meaning
        assert family.samples, f"{metric.name} has no value after an hour"
        assert {tuple(label for label in sample.labels if label != "le") for sample in family.samples} == {
            metric.labels
        }
    assert "process_resident_memory_bytes" in text


def test_the_docs_list_every_metric_and_no_other() -> None:
    page = (ROOT / "docs" / "operate-metrics.md").read_text("utf-8")
    listed = re.findall(
        r"^\| `(autoscale_operate_\w+)` \| (\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE
    )
    assert listed == [
        (
            PREFIX + metric.name,
            metric.kind,
            ", ".join(f"`{label}`" for label in metric.labels) or "-",
            metric.unit,
            metric.meaning,
        )
        for metric in CATALOGUE
    ]
    assert re.findall(r"^\| `(\w+)` \| ", page.partition("## Sides")[2], re.MULTILINE) == [side.value for side in Side]


def test_promtool_has_nothing_to_say() -> None:
    tool = shutil.which("promtool")
    if tool is None:
        message = "no promtool (Debian: apt-get install prometheus)"
        raise pytest.fail.Exception(message) if os.environ.get("CI") == "true" else pytest.skip.Exception(message)
    with served(HOUR) as page:
        text = ask(page, "/metrics").text
    done = subprocess.run(
        [tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_openmetrics_is_spoken_with_those_who_ask_for_it() -> None:
    with served(HOUR[:9]) as page:
        answer = ask(page, "/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    found = {family.name for family in openmetrics(answer.text)}
    assert found >= {PREFIX + metric.name.removesuffix("_total") for metric in CATALOGUE}
