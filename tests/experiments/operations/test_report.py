"""The counterfactual report, on journals of queues whose truth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from autoscaling_env.errors import InputError
from experiments.operations import alternatives
from experiments.operations.report import Limits, counterfactual
from operate.journal.reader import JournalReader
from operate.record import Record
from tests.analysis.browser import browser
from tests.experiments.operations.recorder import BEGIN, World, play_world, write_journal
from workloads.writing import write_recording

PLAIN = World()
#: Short enough for a search.
SHORT = World(steps=200)
QUICK = ("static-6",)


def doubled(at_s: np.ndarray) -> np.ndarray:
    """Return work that takes twice as long in the second half."""
    return np.where(at_s < PLAIN.duration_s / 2, 1.5, 3.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("plain")
    return write_journal(play_world(PLAIN, "keda", place), place)


@pytest.mark.parametrize("policy", ["little", "keda", "hpa", "static-6"])
def test_the_twin_reproduces_a_queue_that_is_what_it_seems(tmp_path: Path, policy: str) -> None:
    found = counterfactual(write_journal(play_world(PLAIN, policy, tmp_path), tmp_path), policies=QUICK)
    assert found.trusted, found.objections
    error = found.fidelity
    assert error.backlog_relative < 0.15 or error.wait_error_s < 0.15 * PLAIN.within_s
    assert error.work_error < 0.06
    assert error.hours_error < 0.02
    assert error.share_error < 5
    assert 0.95 < found.calibration()["service_scale"] < 1.05


def test_the_work_of_recorded_tasks_is_drawn_from(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    work_s = np.random.default_rng(0).gamma(4.0, 0.4, 500)
    write_recording(1.8e9 + np.arange(500.0), work_s, ["mail"] * 500, file)
    found = counterfactual(folder, policies=QUICK, tasks=file)
    assert found.trusted, found.objections
    assert found.calibration()["variation"] == pytest.approx(work_s.std() / work_s.mean())
    with pytest.raises(InputError, match="leave one of them out"):
        counterfactual(folder, policies=QUICK, tasks=file, variation=1.0)


@pytest.mark.parametrize("policy", ["little", "keda"])
def test_where_work_doubles_and_nobody_sees_it_the_twin_is_not_believed(tmp_path: Path, policy: str) -> None:
    world = World(service_s=doubled)
    journal = write_journal(play_world(world, policy, tmp_path), tmp_path)
    found = counterfactual(journal, output=tmp_path / "report.html")
    assert not found.trusted
    assert found.outcomes == ()
    assert found.to_json()["policies"] == {}
    assert "the same arrivals" not in "".join(found.tables())
    page = (tmp_path / "report.html").read_text()
    assert "nothing is said of other policies" in page
    assert found.objections[0] in page.replace("&#39;", "'")


def test_where_work_doubles_and_the_source_sees_it_the_twin_follows(tmp_path: Path) -> None:
    world = World(service_s=doubled, told_s=lambda time_s: float(doubled(np.array([time_s]))[0]))
    found = counterfactual(write_journal(play_world(world, "static-18", tmp_path), tmp_path), policies=QUICK)
    assert found.trusted, found.objections


def test_a_wrong_belief_of_the_work_is_calibrated(tmp_path: Path) -> None:
    world = World(service_s=lambda at_s: np.full(len(at_s), 1.8), told_s=lambda time_s: 1.2)
    found = counterfactual(write_journal(play_world(world, "reactiveaverage", tmp_path), tmp_path), policies=QUICK)
    assert found.trusted, found.objections
    assert found.calibration()["service_scale"] == pytest.approx(1.5, rel=0.04)


def test_policies_come_in_the_order_in_which_they_truly_are(folder: Path, tmp_path: Path) -> None:
    names = ("static-5", "static-7", "static-12", "hpa")
    found = counterfactual(folder, policies=names)
    told = {each.policy: each for each in found.outcomes}
    truth = {name: _truth(play_world(PLAIN, name, tmp_path)) for name in names}
    for name, (share, hours) in truth.items():
        assert told[name].share.low - 0.02 <= share <= told[name].share.high + 0.02, name
        assert told[name].hours.estimate == pytest.approx(hours, rel=0.05), name
    for order in (lambda pair: pair[0], lambda pair: pair[1]):
        truly = sorted(("static-5", "static-7", "static-12"), key=lambda name: order(truth[name]))
        assert truly == ["static-5", "static-7", "static-12"]
    assert told["static-5"].share.high < told["static-7"].share.low < told["static-12"].share.low
    assert told["static-5"].share_gain.high < 0
    assert told["static-12"].hours_gain.estimate > told["static-7"].hours_gain.estimate


def test_with_the_tasks_known_nobody_is_cheaper_at_that_share(tmp_path: Path) -> None:
    journal = write_journal(play_world(SHORT, "static-9", tmp_path), tmp_path)
    found = counterfactual(journal, policies=("static-best", "hindsight"), limits=Limits(work=0.5))
    best, hindsight = found.outcomes[1:]
    assert hindsight.hours.estimate < best.hours.estimate
    assert hindsight.share.estimate > 0.9


def test_what_is_not_named_is_the_journals_policy_and_the_usual_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternatives, "MOST_SEARCHED", 2_000_000)
    found = counterfactual(folder)
    assert [each.policy for each in found.outcomes] == ["recorded counts", "keda", "hpa", "static-best"]
    assert any(note.startswith("left out: hindsight: 1") for note in found.notes)
    with pytest.raises(InputError, match="hindsight"):
        counterfactual(folder, policies=("hindsight",))


def test_an_interval_holds_the_error_of_the_twin(folder: Path) -> None:
    found = counterfactual(folder, policies=QUICK)
    error = max(found.fidelity.share_error, found.whole.share_error) / 100
    for each in found.outcomes:
        assert each.share.high >= min(1.0, each.share.estimate + error) - 1e-9
        assert each.share.low <= each.share.estimate - error + 1e-9
        assert each.money.estimate == pytest.approx(each.hours.estimate * 0.1)


def test_the_same_journal_and_seed_say_the_same(folder: Path) -> None:
    once, again, other = (counterfactual(folder, policies=QUICK, seed=seed).to_json() for seed in (3, 3, 4))
    assert json.dumps(once, allow_nan=False) == json.dumps(again, allow_nan=False)
    assert once["fidelity"] != other["fidelity"]


def test_limits_are_the_users(folder: Path) -> None:
    found = counterfactual(folder, policies=QUICK, limits=Limits(work=0.0))
    assert not found.trusted
    assert "tasks in workers' hands" in found.objections[0]


def test_what_is_promised_of_starts_is_held_against_starts(tmp_path: Path) -> None:
    records = play_world(PLAIN, "static-7", tmp_path)
    told = {"objective": {"start_within": 2.0, "share": 0.9}}
    late = write_journal([PLAIN.start("static-7", **told), *records[1:]], tmp_path / "late")
    soon = write_journal([PLAIN.start("static-7", objective={"start_within": 1000.0}), *records[1:]], tmp_path / "soon")
    limits = Limits(share=101)
    (twin, *_), (relaxed, *_) = (counterfactual(each, policies=QUICK, limits=limits).outcomes for each in (late, soon))
    assert twin.share.estimate < 0.9
    assert relaxed.share.estimate == 1.0


def test_a_journal_is_read_from_the_middle_with_what_was_there(tmp_path: Path) -> None:
    journal = write_journal(play_world(PLAIN, "static-6", tmp_path), tmp_path)
    since = BEGIN + timedelta(seconds=50 * PLAIN.step_s)
    found = counterfactual(journal, since=since, policies=QUICK)
    backlog = next(record.seen["backlog"] for record in JournalReader(journal, since=since))
    assert backlog is not None
    assert backlog > 100
    assert found.trusted, found.objections
    assert found.replayed[0].backlog[0] == pytest.approx(backlog, rel=0.25)


def test_what_is_wrong_is_one_line_before_anything_is_computed(folder: Path, tmp_path: Path) -> None:
    for wrong in ({"policies": ("nobody",)}, {"variation": -1.0}, {"block_s": 0.0}, {"policies": ("external",)}):
        with pytest.raises(InputError) as error:
            counterfactual(folder, **wrong)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="no journal"):
        counterfactual(tmp_path)


def test_the_page_says_first_what_happened_and_is_drawn(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    found = counterfactual(folder, policies=QUICK, output=path)
    assert found.to_json()["files"] == {"report": str(path)}
    text = path.read_text()
    order = [text.index(f'<section id="{name}">') for name in ("happened", "twin", "others", "how")]
    assert order == sorted(order)
    with browser() as page:
        page.open(path)
        assert page.run("return document.documentElement.dataset.ready") == "yes"
        assert page.run("return document.querySelectorAll('[data-figure] .main-svg').length") >= 4
        assert page.complaints() == []


def test_a_name_from_a_journal_cannot_break_the_page(folder: Path, tmp_path: Path) -> None:
    records = [replace(record, policy="<b>x</b>") for record in JournalReader(folder)]
    found = counterfactual(write_journal(records, tmp_path), policies=QUICK, output=tmp_path / "report.html")
    assert found.trusted
    assert "<b>x</b>" not in (tmp_path / "report.html").read_text()


def _truth(records: list[Record]) -> tuple[float, float]:
    """Return the share in time of the tasks that were finished, and worker-hours."""
    ticks = records[2:]
    completed = sum(record.seen["completed"] or 0 for record in ticks)
    missed = sum(record.seen["missed"] or 0 for record in ticks)
    return 1 - missed / completed, sum(record.requested for record in ticks) * PLAIN.step_s / 3600


def test_the_planner_of_the_report_clears_what_is_late_as_a_controller_does(tmp_path: Path) -> None:
    world = World(rate=lambda at_s: np.where(at_s < 160, 14.0, 3.0), steps=90)
    journal = write_journal(play_world(world, "little", tmp_path), tmp_path)
    limits = replace(Limits(), share=100.0, backlog=9.0)
    found = counterfactual(journal, policies=("planner", "static-6"), limits=limits)
    share = {each.policy: each.share.estimate for each in found.outcomes}
    assert share["planner"] > share["static-6"] + 0.2
