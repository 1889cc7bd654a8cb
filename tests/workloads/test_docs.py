"""The code and the configurations in docs/workloads.md work, and so do the example traces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.config import load_config
from autoscaling_env.testing.workload import check_batch
from tests.places import ROOT
from tests.workloads.making import traced
from workloads import make_workload

PAGE = (ROOT / "docs" / "workloads.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.docs
def test_the_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("python"):
        exec(compile(block, "docs/workloads.md", "exec"), names)  # noqa: S102  # running our own page is the test
    assert (tmp_path / "tasks.csv").exists()


@pytest.mark.docs
@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_configurations_are_valid(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.yml").write_text(text)
    check_batch(make_workload(load_config(tmp_path / "config.yml"), base_dir=ROOT).draw(0))


@pytest.mark.parametrize(
    ("name", "tasks"), [("requests_per_5min.csv", 72_000), ("arrivals.csv", 300), ("invocations_2019.csv", 1320)]
)
def test_the_examples_are_read(name: str, tasks: int) -> None:
    workload = traced(ROOT / "examples" / "traces" / name, as_recorded=True)
    assert len(workload.draw(0)) == pytest.approx(tasks, rel=0.1)
