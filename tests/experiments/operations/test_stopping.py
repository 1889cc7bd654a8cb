"""Whether workers lose work when they are stopped, as `operate check` says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest

from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from experiments.operations import stopping as module
from experiments.operations.stopping import longest_work, stopping
from operate.advice import GRACE, STOPPING, TERM
from operate.config import OperateConfig
from operate.kinds import SourceKind, TargetKind
from operate.reading import Fact, KeptTasks, Reading
from operate.template import WorkerTemplate

TEMPLATE = WorkerTemplate("deployment/worker", ("sh", "-c", "python worker.py"), grace_s=30.0)


class Settings(Section):
    """Of either kind here."""

    kind: Literal["here"] = "here"


class Plain:
    """A source that remembers nothing."""

    knows = frozenset[Fact]()
    described = "here"

    def read(self) -> Reading:
        return Reading(backlog=0.0)

    def close(self) -> None:
        """Nothing to close."""


class Kept(Plain):
    """A source that remembers tasks of so many seconds of work, or cannot."""

    def __init__(self, work_s: Any) -> None:
        self.work_s = work_s

    def kept(self, since_s: float) -> KeptTasks:
        if isinstance(self.work_s, Exception):
            raise self.work_s
        work_s = np.asarray(self.work_s, dtype=float)
        return KeptTasks(np.arange(len(work_s), dtype=float), work_s, ("",) * len(work_s))


def raising(error: Exception) -> Any:
    def raise_it(*_: Any) -> Any:
        raise error

    return raise_it


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Kinds of a source and a target that do what a test says."""

    def make(*, advise: Any = lambda *_: (), template: Any = lambda _: TEMPLATE) -> OperateConfig:
        facts: Mapping[Any, str] = {}
        sources = SourceKind(
            name="here", summary="", settings=Settings, open=raising(AssertionError()), knows=facts, advise=advise
        )
        targets = TargetKind(
            name="here", summary="", settings=Settings, open=raising(AssertionError()), template=template
        )
        monkeypatch.setattr(module, "source_kinds", lambda: {"here": sources})
        monkeypatch.setattr(module, "target_kinds", lambda: {"here": targets})
        given = {"objective": {"finish_within": 60.0}, "bounds": {"max": 9}}
        believed = {"tasks": {"service_time": 10.0, "variation": 0.5}}
        return OperateConfig.model_validate({"source": Settings(), "target": Settings()} | given | believed)

    return make


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {each.what: each for each in findings}


def test_what_holds_for_all_comes_with_what_the_source_says(here):
    given = []
    own = Finding("acks_late", False, "off", "turn it on")
    config = here(advise=lambda settings, template: given.append((settings, template)) or [own])
    found = stopping(config, Plain())
    assert [each.what for each in found] == [TERM, GRACE, "acks_late"]
    assert given == [(config.source, TEMPLATE)]
    assert not by_name(found)[TERM].ok
    assert "25 s (tasks.service_time 10 s, tasks.variation 0.5)" in by_name(found)[GRACE].detail


@pytest.mark.parametrize(
    ("work_s", "longest_s", "told"),
    [
        ([], 25.0, "tasks.service_time"),
        ([1.0, np.nan, 3.0], 25.0, "tasks.service_time"),
        ([1.0, np.nan, 300.0], 300.0, "the longest of 2 tasks of the last 7 days"),
        ([1.0] * 1000, 1.0, "the longest of 1000 tasks"),
        (BackendError("away"), 25.0, "tasks.service_time"),
    ],
)
def test_the_longest_task_is_what_was_seen_else_what_is_believed(here, work_s, longest_s, told):
    found_s, how = longest_work(here(), Kept(work_s))
    assert found_s == longest_s
    assert told in how


def test_a_source_that_remembers_nothing_or_cannot_be_opened_leaves_the_belief(here):
    assert longest_work(here(), Plain())[0] == 25.0
    assert longest_work(here(), None)[0] == 25.0


def test_whoever_cannot_be_asked_breaks_nothing_and_is_named(here):
    config = here(template=raising(BackendError("forbidden")), advise=raising(BackendError("away")))
    found = by_name(stopping(config, None))
    assert not found["how a worker is started"].ok
    assert "forbidden" in found["how a worker is started"].detail
    assert found[STOPPING].ok
    assert not found["what is lost"].ok
    assert all(each.remedy for each in found.values() if not each.ok)
