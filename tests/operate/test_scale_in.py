"""The kill campaign on scale-in: its books, its verdict, and a short one of RQ on a real server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.operate_scale_in.books import Books, Tally
from benchmarks.operate_scale_in.campaign import Outcome, advised, run
from benchmarks.operate_scale_in.report import kept, markdown
from benchmarks.operate_scale_in.systems import MODULES, VARIANTS, broker
from operate.advice import GRACE
from tests.live.servers import require_server


def test_tasks_in_are_compared_with_tasks_out(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    books = Books(log)
    books.update()
    log.write_text("began 0 a\nbegan 1 b\ndone 0 a\nbegan 2 a\nbeg")
    books.update()
    assert books.in_hand == {"b": 1, "a": 2}
    with log.open("a") as file:
        file.write("an 1 c\ndone 1 c\ndone 1 b\n")
    books.update()
    assert books.in_hand == {"a": 2}
    assert books.tally(4) == Tally(4, lost=2, begun_again=1, done_again=1)


OUTCOME = Outcome(
    system="rq",
    variant="recommended",
    words="grace",
    grace_s=30.0,
    scale_ins=200,
    killed=0,
    longest_s=2.0,
    tasks=300,
    lost=0,
    begun_again=0,
    done_again=0,
    kept_back=0,
    took_s=60.0,
    findings=(),
)


def test_the_verdict_asks_that_nothing_be_lost_as_recommended_and_that_else_something_be_named() -> None:
    assert kept(OUTCOME)
    for changes in ({"lost": 1}, {"begun_again": 1}, {"killed": 1}, {"findings": ("time to stop: short",)}):
        assert not kept(replace(OUTCOME, **changes))
    other = replace(OUTCOME, variant="short", lost=9)
    assert not kept(other)
    assert kept(replace(other, findings=("time to stop: 0.3 s; set it",)))
    assert not kept(replace(other, variant="late", findings=("time to stop: short",)))
    assert kept(replace(other, variant="late", lost=0, begun_again=9, findings=("time to stop: short",)))
    table = markdown([OUTCOME, replace(other, findings=("time to stop: 0.3 s; set it",))])
    assert "| rq | grace | 30 | 200 | 0 | 300 | 0 | 0 | 0 | 0 | all well |" in table
    assert "| 9 | 0 | 0 | 0 | time to stop |" in table


def test_every_system_has_workers_as_recommended_and_others_of_which_the_check_names_what_is_wrong() -> None:
    assert set(VARIANTS) == set(MODULES)
    for variants in VARIANTS.values():
        first, *others = variants
        assert (first.name, first.owed) == ("recommended", "")
        assert others
        for variant in variants:
            bad = [each.what for each in advised({"kind": "none"}, variant) if not each.ok]
            assert bad == ([] if variant is first else [GRACE])


@pytest.mark.live
def test_a_grace_longer_than_the_work_loses_nothing_and_a_shorter_one_what_was_in_hand(tmp_path: Path) -> None:
    require_server()
    recommended, short = VARIANTS["rq"]
    with broker("rq") as where:
        good = run("rq", recommended, where, tmp_path, scale_ins=3, workers=3, seed=1, quiet_s=3.0)
        bad = run("rq", short, where, tmp_path, scale_ins=3, workers=3, seed=1, quiet_s=3.0)
    assert (good.scale_ins, good.killed, good.lost, good.begun_again, good.done_again) == (3, 0, 0, 0, 0)
    assert 1 <= bad.lost <= bad.killed <= 3  # a task may come to its end just before
    assert any(each.startswith(GRACE) for each in bad.findings)
