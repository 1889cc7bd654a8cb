from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
import pytest

from agents.autoscalers.span import in_progress
from autoscaling_env.errors import BackendError
from autoscaling_env.schema import RECORDED
from operate.config import WatchdogConfig
from operate.guardrails.promise import Tally
from operate.guardrails.watchdog import Watchdog
from operate.reading import Fact
from operate.target import Fenced
from tests.operate.controller.controllers import Controlled, Says, a_config, a_queue
from tests.waiting import PATIENCE_S


def test_what_the_policy_wants_is_written_once(tmp_path):
    run = Controlled(tmp_path, policy=Says(6, 6, 6, 9))
    records = run.ticks(5)
    assert run.queue.writes == [6, 9]
    assert [each.written for each in records] == [6, None, None, 9, None]
    assert [each.requested for each in records] == [4, 6, 6, 6, 9]
    assert {each.decided_by for each in records} == {"policy"}


def test_shadow_says_what_it_would_do_and_never_writes(tmp_path):
    run = Controlled(tmp_path, a_config(mode="shadow"), policy=Says(9))
    records = run.ticks(4)
    assert run.queue.writes == []
    assert [(each.wanted, each.written, each.acting) for each in records] == [(9, None, False)] * 4


def test_a_policy_sees_what_an_environment_would_show(tmp_path):
    shown = []
    run = Controlled(tmp_path, policy=Says(lambda observation, info: shown.append((observation, dict(info))) or 4))
    run.ticks(6)
    truth = run.queue.seen[-2]
    observation, info = shown[-1]
    assert info["step"] == 5
    assert info["time_s"] == pytest.approx(40)
    assert (info["worker_queue"], info["busy_workers"]) == (truth.worker_queue, truth.workers_busy)
    assert info["enqueued_total"] == truth.enqueued_total
    assert info["processed_tasks"] == pytest.approx(truth.output_queue, abs=1)
    assert observation[4] == 4
    assert {column.name for column in RECORDED} == set(run.records[-1].info)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (math.nan, "no count"),
        (-3, "no count"),
        (2.5, "no count"),
        ("seven", "no count"),
        (None, "no count"),
        (True, "no count"),
        (lambda *_: 1 / 0, "raised ZeroDivisionError"),
        (lambda *_: (_ for _ in ()).throw(SystemExit(3)), "raised SystemExit"),
    ],
)
def test_a_policy_that_fails_or_talks_nonsense_leaves_it_to_the_fallback(tmp_path, said, told):
    run = Controlled(tmp_path, policy=Says(said), fallback=Says(7))
    records = run.ticks(2)
    assert records[0].decided_by == "rule (fallback)"
    assert told in records[0].because
    assert any(told in remark for remark in records[0].remarks)
    assert run.queue.writes == [7]


def test_numbers_of_other_kinds_are_counts(tmp_path):
    run = Controlled(tmp_path, policy=Says(np.int64(7), np.float32(8.0)))
    assert [each.proposed for each in run.ticks(2)] == [7, 8]


def test_a_policy_that_hangs_is_left_alone_until_it_comes_back_and_then_begins_anew(tmp_path):
    go_on = threading.Event()
    policy = Says(7, lambda *_: go_on.wait(PATIENCE_S) and 19, 6)
    run = Controlled(tmp_path, a_config(guardrails={"decide_within": 0.05}), policy=policy, fallback=Says(5))
    _, first, second = run.ticks(3)
    assert "took longer than 0.05 s" in first.because
    assert "has not come back from the question of 8 s ago" in second.because
    assert policy.asked == 2
    go_on.set()
    for _ in range(200):
        (record,) = run.ticks(1)
        if record.decided_by == "policy":
            break
    assert (record.wanted, policy.resets) == (6, 2)
    assert 19 not in run.queue.writes


def test_where_the_fallback_fails_too_the_count_is_held(tmp_path):
    records = Controlled(tmp_path, policy=Says(math.nan), fallback=Says(None)).ticks(2)
    assert [(each.decided_by, each.wanted, each.written) for each in records] == [("hold", 4, None)] * 2


def test_an_outage_of_the_source_holds_the_count_and_ends(tmp_path):
    run = Controlled(tmp_path, policy=Says(6, 6, 9))
    run.ticks(2)
    run.queue.failure = BackendError("redis: nobody there")
    records = run.ticks(3)
    assert [(each.decided_by, each.written) for each in records] == [("hold", None)] * 3
    assert "nobody there" in records[0].because
    run.queue.failure = None
    assert run.ticks(1)[0].written == 9


def test_stale_telemetry_holds_the_count(tmp_path):
    run = Controlled(tmp_path, policy=Says(6, 9))
    run.ticks(1)
    run.queue.age_s = 31.0
    (record,) = run.ticks(1)
    assert (record.decided_by, record.wanted, record.written) == ("hold", 6, None)
    assert "31 s old" in record.stale


def test_the_count_never_leaves_its_bounds(tmp_path):
    run = Controlled(tmp_path, a_config(bounds={"min": 2, "max": 9}), policy=Says(0, 99, 5))
    records = run.ticks(3)
    assert run.queue.writes == [2, 9, 5]
    assert records[1].bends[0].guardrail == "bounds"
    assert (records[1].bends[0].before, records[1].bends[0].after) == (99, 9)


def test_changes_by_others_make_us_keep_our_hands_off(tmp_path):
    run = Controlled(tmp_path, a_config(guardrails={"hands_off": "20s"}), policy=Says(6))
    run.ticks(2)
    run.queue.changed(11, "kubectl")
    records = run.ticks(4)
    assert "kubectl changed the workers from 6 to 11: hands off for 20 s" in records[0].remarks
    assert [each.written for each in records] == [None, None, None, 6]
    assert [each.acting for each in records] == [False, False, False, True]


def test_the_watchdog_steps_down_where_more_is_late_than_before(tmp_path):
    rails = {"watchdog": {"factor": 2.0, "window": "120s", "pause": "160s"}}
    run = Controlled(tmp_path, a_config(guardrails=rails), policy=Says(1), fallback=Says(12), queue=a_queue(minutes=20))
    records = run.ticks(60)
    down = [each.decided_by != "policy" for each in records]
    first = down.index(True)
    assert "of tasks were late in the last" in records[first].because
    assert all(down[first : first + 20])
    assert not down[first + 20]
    assert run.queue.writes[:2] == [1, 12]


def test_the_record_of_the_shadow_is_what_the_watchdog_compares_with(tmp_path):
    rails = {"watchdog": {"factor": 2.0, "window": "120s", "pause": "160s"}}
    queue = a_queue(minutes=20, workers=3)  # somebody else lets nearly all of it be late
    Controlled(tmp_path, a_config(mode="shadow", guardrails=rails), policy=Says(1), queue=queue).ticks(30)
    run = Controlled(tmp_path, a_config(guardrails=rails), policy=Says(1), fallback=Says(12), queue=queue)
    assert {each.decided_by for each in run.ticks(60)} == {"policy"}


def test_what_nothing_explains_is_left_to_the_fallback_after_some_ticks(tmp_path):
    rails = {"familiar": {"factor": 2.0, "ticks": 3}}
    run = Controlled(tmp_path, a_config(guardrails=rails), fallback=Says(9), highest_rate=1.0)
    records = run.ticks(6)
    assert [each.decided_by for each in records] == ["policy"] * 3 + ["rule (fallback)"] * 3
    assert "the policy knows at most 1.00" in records[-1].because


def test_workers_that_finish_nothing_are_unknown_ground(tmp_path):
    rails = {"familiar": {"factor": 2.0, "ticks": 2}}
    run = Controlled(tmp_path, a_config(guardrails=rails), policy=Says(4))
    run.ticks(2)
    stuck, number = run.queue.read(), 0

    def read():
        nonlocal number
        number += 1
        return replace(stuck, backlog=stuck.backlog + 40 * number, arrived_total=stuck.arrived_total + 40 * number)

    run.queue.read = read
    records = run.ticks(4)
    assert "5 ready workers finished 0 of about" in records[-1].because


def test_worker_hours_are_counted_and_kept_over_a_restart(tmp_path):
    run = Controlled(tmp_path, policy=Says(4))
    run.ticks(10)
    assert run.records[-1].hours_today == pytest.approx(4 * 9 * 8 / 3600)
    assert Controlled(tmp_path, policy=Says(4)).ticks(1)[0].hours_today == pytest.approx(4 * 9 * 8 / 3600)


def test_a_day_costs_no_more_than_its_budget(tmp_path):
    config = a_config(guardrails={"worker_hours_per_day": 1.0}, bounds={"min": 0, "max": 20})
    run = Controlled(tmp_path, config, policy=Says(20), queue=a_queue(minutes=1))
    run.clock.wall_s = 86_400 * 20_000.0
    records = run.ticks(60)
    assert records[-1].hours_today <= 1.0
    assert records[-1].wanted == 0
    assert any(bend.guardrail == "worker_hours_per_day" for each in records for bend in each.bends)


def test_damaged_state_is_said_and_begun_anew(tmp_path):
    for text in ("{", '{"day": "x"}', "[]", '{"day": NaN}'):
        (tmp_path / "state.json").write_text(text)
        (record,) = Controlled(tmp_path, policy=Says(4)).ticks(1)
        assert "state.json cannot be used" in record.remarks[0]
        assert record.hours_today == 0


def test_a_state_that_cannot_be_written_stops_nothing(tmp_path):
    run = Controlled(tmp_path / "file" / "below", policy=Says(6))
    (tmp_path / "file").write_text("")
    records = run.ticks(3)
    assert run.queue.writes == [6]
    assert [sum("cannot be written" in remark for remark in each.remarks) for each in records] == [0, 1, 0]


def test_a_clock_that_is_set_is_said_and_changes_nothing(tmp_path):
    run = Controlled(tmp_path, a_config(guardrails={"hands_off": "20s"}), policy=Says(6))
    run.ticks(2)
    run.queue.changed(11, "kubectl")
    run.ticks(1)
    run.clock.wall_s -= 5000
    records = run.ticks(3)
    assert any("set 5000 s back" in remark for remark in records[0].remarks)
    assert [each.written for each in records] == [None, None, 6]


class Elected:
    """An election whose outcome is given."""

    leader = "somebody"

    def __init__(self, *terms):
        self.terms = list(terms)

    def term(self):
        return self.terms.pop(0) if len(self.terms) > 1 else self.terms[0]


def test_who_does_not_lead_watches(tmp_path):
    run = Controlled(tmp_path, policy=Says(6), election=Elected(None))
    assert [(each.wanted, each.written, each.term) for each in run.ticks(2)] == [(6, None, None)] * 2
    assert run.queue.writes == []


def test_who_loses_the_lead_while_deciding_writes_nothing(tmp_path):
    run = Controlled(tmp_path, policy=Says(6), election=Elected(3, None, 4))
    first, second = run.ticks(2)
    assert first.written is None
    assert "lost the lead while deciding: nothing written" in first.remarks
    assert (second.written, second.term) == (6, 4)


def test_a_new_leader_fences_off_the_old_one_once_before_it_writes(tmp_path):
    run, fenced = Controlled(tmp_path, policy=Says(6, 7, 8), election=Elected(3, 3, 3, 3, 5)), []
    run.queue.fence = lambda term: fenced.append((term, len(run.queue.writes)))
    run.ticks(3)
    assert fenced == [(3, 0), (5, 2)]


@pytest.mark.parametrize("error", [Fenced("term 9 leads"), BackendError("API server: away")])
def test_who_cannot_fence_writes_nothing(tmp_path, error):
    run = Controlled(tmp_path, policy=Says(6), election=Elected(3))

    def fence(term):
        raise error

    run.queue.fence = fence
    (record,) = run.ticks(1)
    assert (record.written, record.acting) == (None, False)
    assert "could not fence off" in record.remarks[0]


@pytest.mark.parametrize(
    ("error", "told"), [(Fenced(), "a younger leader has taken over"), (BackendError("away"), "could not write: away")]
)
def test_a_write_that_fails_is_said_and_tried_again(tmp_path, error, told):
    run = Controlled(tmp_path, policy=Says(6))
    whole = run.queue.scale_to

    def scale_to(workers):
        raise error

    run.queue.scale_to = scale_to
    (record,) = run.ticks(1)
    assert record.written is None
    assert told in record.remarks[0]
    run.queue.scale_to = whole
    assert run.ticks(1)[0].written == 6


def test_a_policy_with_a_period_begins_anew_with_it(tmp_path):
    policy = Says(4)
    run = Controlled(tmp_path, a_config(period="80s"), policy=policy, periodic=True)
    records = run.ticks(22)
    steps = [each.info["step"] for each in records]
    assert [each.decided_by == "hold" for each in records] == [True] + 21 * [False]
    assert policy.resets == 3
    assert steps.count(0) == 3
    assert max(steps) == 9


def test_where_a_period_ends_who_has_seen_it_decides_once_more(tmp_path):
    """What is known to come with the new period is met by a count that was planned, not by one that is held."""
    run = Controlled(
        tmp_path,
        a_config(period="80s"),
        policy=Says(lambda observation, info: 10 if info["step"] == 10 else 4 + (info["step"] == 0)),
        periodic=True,
    )
    records = run.ticks(12)
    (end,) = (number for number, each in enumerate(records) if number and each.info["step"] == 0)
    assert records[end].written == 10
    assert records[end + 1].written == 4


def test_seconds_after_a_hand_over_the_watchdog_does_not_judge_what_was_found_there(tmp_path):
    """Half of all was late before; that most of the first half minute is, says nothing of ten minutes."""
    config = WatchdogConfig(factor=2.0, window=600.0, pause=3600.0)
    watchdog = Watchdog(config, 0.05, Tally(1000.0, 413.0))
    assert [watchdog.judge(4.0 * tick, 20.0, 17.0) for tick in range(8)] == 8 * [""]
    late = [watchdog.judge(4.0 * tick, 20.0, 20.0) for tick in range(8, 150)]
    (first, *_) = (tick for tick, said in enumerate(late, start=8) if said)
    assert 0.6 < 4.0 * first / 600.0 < 0.8  # 2 x 41.3 % of the window's tasks
    assert watchdog.is_down(4.0 * first)


def test_where_nothing_may_be_late_a_policy_that_leaves_all_late_is_seen_within_a_minute(tmp_path):
    watchdog = Watchdog(WatchdogConfig(factor=2.0, window=600.0, pause=3600.0), 0.05)
    said = [watchdog.judge(8.0 * tick, 10.0, 10.0) for tick in range(10)]
    assert 3 < next(tick for tick, each in enumerate(said) if each) <= 7


def test_a_queue_that_was_emptied_by_hand_does_not_seem_busy_for_ever(tmp_path):
    shown = []
    run = Controlled(tmp_path, policy=Says(lambda observation, info: shown.append(info) or 4))
    whole = run.queue.read
    run.queue.read = lambda: replace(whole(), backlog=whole().backlog + 400.0)
    run.ticks(3)
    run.queue.read = whole
    run.ticks(3)
    assert max(in_progress(info) for info in shown) <= 14
    assert in_progress(shown[-1]) == pytest.approx(4, abs=10)


def test_every_record_is_what_json_holds(tmp_path):
    import json

    for record in Controlled(tmp_path).ticks(3):
        assert json.loads(json.dumps(record.to_json(), allow_nan=False))["wanted"] == record.wanted


def test_what_is_overdue_is_not_left_lying(tmp_path):
    config = a_config(guardrails={"clear_overdue": "40s"})
    run = Controlled(tmp_path, config, policy=Says(1), queue=a_queue(rate=6.0, workers=1))
    records = run.ticks(30)
    first = next(record for record in records if record.bends)
    assert first.bends[0].guardrail == "clear_overdue"
    assert first.seen["oldest_s"] > 10
    assert records[-1].requested >= 3


def test_a_scale_in_takes_no_more_workers_than_have_nothing_to_do(tmp_path):
    rails = {"spare_busy": {"longest": "80s"}}
    run = Controlled(tmp_path, a_config(guardrails=rails), policy=Says(12, 12, 12, 2), queue=a_queue(rate=6.0))
    records = run.ticks(30)
    held = [each for each in records[3:] if any(bend.guardrail == "spare_busy" for bend in each.bends)]
    assert held
    for each in held:
        assert each.wanted == min(each.requested, math.ceil(each.seen["in_flight"]))
    assert any("a scale-in was held for 80 s: not believed" in remark for each in records for remark in each.remarks)
    assert records[-1].wanted == 2


def test_work_in_hand_that_is_only_estimated_holds_nothing(tmp_path):
    queue = a_queue(rate=6.0, knows=frozenset({Fact.BACKLOG, Fact.ARRIVED, Fact.COMPLETED}))
    run = Controlled(tmp_path, a_config(guardrails={"spare_busy": {}}), policy=Says(12, 12, 12, 2), queue=queue)
    assert [each.wanted for each in run.ticks(4)] == [12, 12, 12, 2]
