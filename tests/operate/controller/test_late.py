"""A policy that was late: it begins anew with an episode of its own, and beginning anew may take its time."""

from __future__ import annotations

import threading

from tests.operate.controller.controllers import Controlled, Says, a_config
from tests.waiting import PATIENCE_S

PATIENCE = {"guardrails": {"decide_within": "0.05s"}}


class Slow(Says):
    """Waits at some calls until it is let go on."""

    def __init__(self, *slow):
        super().__init__(6)
        self.slow, self.calls, self.go_on, self.shown = set(slow), 0, threading.Event(), []

    def _step(self, name):
        if name in self.slow:
            self.slow.remove(name)
            assert self.go_on.wait(PATIENCE_S)

    def reset(self):
        super().reset()
        self._step(f"reset {self.resets}")

    def decide(self, observation, info):
        self.shown.append((int(info["step"]), int(info["enqueued_total"])))
        self._step(f"decide {len(self.shown)}")
        return super().decide(observation, info)


def come_back(run, policy):
    policy.go_on.set()
    asking = run.controller._parts.chooser.policy
    assert asking._late.done.wait(PATIENCE_S)


def test_after_a_late_answer_the_next_question_begins_an_episode(tmp_path):
    policy = Slow("decide 31")
    run = Controlled(tmp_path, a_config(**PATIENCE), policy=policy)
    run.ticks(32)
    come_back(run, policy)
    record = run.ticks(1)[0]
    assert policy.resets == 2
    step, came = policy.shown[-1]
    assert step == 0
    assert came < 100  # what is there, not all that came since the controller began
    assert record.decided_by == "policy"


def test_who_took_long_to_begin_is_not_made_to_begin_again(tmp_path):
    policy = Slow("reset 1")
    run = Controlled(tmp_path, a_config(**PATIENCE), policy=policy)
    assert [each.decided_by for each in run.ticks(3)] == ["rule (fallback)"] * 3
    come_back(run, policy)
    assert [each.decided_by for each in run.ticks(3)] == ["policy"] * 3
    assert policy.resets == 1
