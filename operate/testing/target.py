"""The contract of targets as tests: inherit ``TargetContract``, say how yours is made, and it must pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from autoscaling_env.reasons import ScaleReason
from operate.reading import TargetState
from operate.target import Fenced, Target


class TargetContract:
    """Laws of every target."""

    #: Real seconds that workers may take to start or to leave.
    within_s = 20.0
    #: Real seconds after which a change has been told if it ever will.
    settled_s = 1.0

    def make_target(self) -> Target:
        """Return a target whose workers are this test's own, none at first; it is closed after the test."""
        raise NotImplementedError

    def somebody_scales(self, target: Target, workers: int) -> str:
        """Have somebody else change the number; return a word of his name."""
        raise NotImplementedError

    def writes(self, target: Target) -> int:
        """Return how many writes the platform has had from this target."""
        raise NotImplementedError

    @pytest.fixture
    def target(self) -> Iterator[Target]:
        """Make a target without workers."""
        made = self.make_target()
        yield made
        made.close()

    def until(self, target: Target, true: Callable[[TargetState], bool], what: str) -> list[TargetState]:
        """Look until it is true; every look keeps the laws of ``TargetState``."""
        seen: list[TargetState] = []
        give_up = time.monotonic() + self.within_s
        while not seen or not true(seen[-1]):
            assert time.monotonic() < give_up, f"not within {self.within_s} s: {what}; last: {seen[-1]}"
            time.sleep(0.05)
            seen.append(target.look())
            check(seen[-1])
        return seen

    def settle(self, target: Target, workers: int) -> list[TargetState]:
        """Look until so many workers are wanted, made and ready, and none leaves."""
        at_rest = (workers, workers, workers, 0)
        return self.until(target, lambda state: numbers(state) == at_rest, f"{workers} workers at rest")

    # -- the laws

    def test_wanted_workers_come_and_go(self, target: Target) -> None:
        scaler = target.scaler()
        assert numbers(target.look()) == (0, 0, 0, 0)
        for workers in (3, 1, 0):
            outcome = scaler.scale_to(workers)
            assert (outcome.requested, outcome.accepted, outcome.reason) == (workers, workers, ScaleReason.OK)
            seen = self.settle(target, workers)
            assert [state.changed_by for state in seen if state.changed_by] == []
            assert seen[-1].trouble == ""

    def test_a_number_is_absolute_and_asking_twice_changes_nothing(self, target: Target) -> None:
        scaler = target.scaler()
        for _ in range(3):
            assert scaler.scale_to(2).accepted == 2
        self.settle(target, 2)
        assert scaler.scale_to(2).accepted == 2
        assert numbers(target.look()) == (2, 2, 2, 0)

    def test_looking_writes_nothing(self, target: Target) -> None:
        before = self.writes(target)
        for _ in range(100):
            target.look()
        assert self.writes(target) == before
        target.scaler().scale_to(1)
        assert self.writes(target) > before

    def test_who_else_changed_the_number_is_told_once_with_both_numbers(self, target: Target) -> None:
        target.scaler().scale_to(1)
        self.settle(target, 1)
        who = self.somebody_scales(target, 2)
        (*_, told) = self.until(target, lambda state: state.changed_by != "", "somebody else's change is told")
        assert who in told.changed_by
        assert told.changed_by.endswith("changed the workers from 1 to 2")
        assert told.requested == 2
        assert self.said(target) == []

    def test_our_own_changes_are_nobody_elses(self, target: Target) -> None:
        scaler = target.scaler()
        for workers in (2, 0, 1, 0):
            scaler.scale_to(workers)
            assert self.said(target) == []

    def said(self, target: Target) -> list[str]:
        """Look until everything has been told; return who else changed the number meanwhile."""
        give_up = time.monotonic() + self.settled_s
        told = []
        while time.monotonic() < give_up:
            told.append(target.look().changed_by)
            time.sleep(0.02)
        return [who for who in told if who]

    def test_whoever_led_in_an_earlier_term_changes_nothing(self, target: Target) -> None:
        old, new = target.scaler(), target.scaler()
        old.fence(3)
        assert old.scale_to(1).accepted == 1
        new.fence(4)
        with pytest.raises(Fenced):
            old.scale_to(2)
        with pytest.raises(Fenced):
            old.fence(3)
        assert self.said(target) == []
        assert target.look().requested == 1
        assert new.scale_to(2).accepted == 2
        new.fence(4)
        self.until(target, lambda state: state.requested == 2, "the new leader's number is in force")

    def test_a_look_is_fresh_and_takes_no_time(self, target: Target) -> None:
        target.look()
        began = time.monotonic()
        ages = [target.look().age_s for _ in range(100)]
        assert time.monotonic() - began < 1.0
        assert max(ages) < self.within_s

    def test_it_is_described_and_closes_twice(self, target: Target) -> None:
        assert isinstance(target, Target)
        assert len(target.described.splitlines()) == 1
        target.close()
        target.close()


def check(state: TargetState) -> None:
    """Hold one look against the laws of ``TargetState``."""
    assert min(state.requested, state.ready, state.draining) >= 0
    assert state.ready <= state.applied
    assert state.age_s >= 0


def numbers(state: TargetState) -> tuple[int, int, int, int]:
    """Return wanted, made, ready and leaving workers."""
    return state.requested, state.applied, state.ready, state.draining
