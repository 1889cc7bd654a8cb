"""Several controllers of one target, and a person among them: what is said of it, and kept to."""

from __future__ import annotations

from dataclasses import replace

from autoscaling_env.errors import BackendError
from tests.operate.controller.controllers import Controlled, Says, a_config


class Elected:
    """An election whose outcome is given, one for each tick."""

    leader = "somebody"

    def __init__(self, *terms):
        self.terms, self.tick = terms, 0

    def term(self):
        return self.terms[min(self.tick, len(self.terms) - 1)]


def ticks(run, election, count):
    records = []
    for _ in range(count):
        records += run.ticks(1)
        election.tick += 1
    return records


def test_who_begins_to_lead_and_leads_no_more_says_so_once(tmp_path):
    election = Elected(None, 3, 3, None, None, 5)
    records = ticks(Controlled(tmp_path, policy=Says(6), election=election), election, 7)
    assert [each.remarks for each in records if each.remarks] == [
        ("leads from now on, in term 3",),
        ("leads no more: term 3 is over",),
        ("leads from now on, in term 5",),
    ]


def test_who_begins_to_lead_keeps_the_hands_off_that_began_before(tmp_path):
    election = Elected(None, None, 3)
    run = Controlled(tmp_path, a_config(guardrails={"hands_off": "20s"}), policy=Says(6), election=election)
    ticks(run, election, 1)
    run.queue.changed(11, "kubectl")
    records = ticks(run, election, 5)
    assert [each.term for each in records] == [None, 3, 3, 3, 3]
    assert [each.written for each in records] == [None, None, None, 6, None]


def test_a_persons_change_is_kept_to_while_the_queue_cannot_be_read(tmp_path):
    run = Controlled(tmp_path, a_config(guardrails={"hands_off": "20s"}), policy=Says(6))
    run.ticks(1)
    run.queue.failure = BackendError("Redis: away")
    run.queue.changed(11, "kubectl")
    (blind,) = run.ticks(1)
    assert "kubectl changed the workers from 6 to 11: hands off for 20 s" in blind.remarks
    run.queue.failure = None
    assert [each.written for each in run.ticks(3)] == [None, None, 6]


def test_why_workers_are_out_of_view_or_do_not_start_is_said(tmp_path):
    run = Controlled(tmp_path, policy=Says(6))
    look = run.queue.look
    run.queue.look = lambda: replace(look(), trouble="ImagePullBackOff")
    (record,) = run.ticks(1)
    assert "the workers: ImagePullBackOff" in record.remarks
