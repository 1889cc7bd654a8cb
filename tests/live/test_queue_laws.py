"""Whatever happens in whatever order: every task is in one place, and is counted once."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from live.control import Controller
from live.history import read_history, verify
from live.queues import Claim, Queues
from live.wire.keys import key

pytestmark = pytest.mark.live

WORKERS = ("a", "b", "c")
OPERATIONS = ("enqueue", "claim", "done", "failed", "returned", "again", "late", "expire", "bury", "leave", "collect")


@dataclass
class Player:
    """Plays operations as three workers, an emitter and a collector would, retries and delays included."""

    queues: Queues
    episode: str
    enqueued: int = 0
    held: dict[str, Claim] = field(default_factory=dict)
    old: list[tuple[str, Claim]] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def play(self, operation: str, worker: str) -> None:
        getattr(self, f"_{operation}")(worker)

    def _enqueue(self, _: str) -> None:
        body = json.dumps({"id": self.enqueued})
        for _repeat in range(2):
            self.queues.enqueue(self.episode, self.enqueued, [body])
        self.enqueued += 1

    def _claim(self, worker: str) -> None:
        self.asked.add(worker)
        claim = self.queues.claim(self.episode, worker, next(self.numbers))
        if claim is not None:
            self.held[worker] = claim

    def _finish(self, worker: str, outcome: str) -> None:
        claim = self.held.pop(worker, None)
        if claim is not None:
            self.queues.finish(self.episode, worker, claim, outcome, "null", 0.0, None)
            self.old.append((worker, claim))

    def _done(self, worker: str) -> None:
        self._finish(worker, "done")

    def _failed(self, worker: str) -> None:
        self._finish(worker, "failed")

    def _returned(self, worker: str) -> None:
        self._finish(worker, "returned")

    def _again(self, _: str) -> None:
        """A result is reported twice."""
        for worker, claim in self.old[-1:]:
            self.queues.finish(self.episode, worker, claim, "done", "null", 0.0, None)

    def _late(self, worker: str) -> None:
        """A claim of long ago arrives, of which the worker knows nothing any more."""
        if worker in self.asked:
            assert self.queues.claim(self.episode, worker, -1) is None

    def _expire(self, worker: str) -> None:
        """A worker is paused for longer than its lease; it still believes to hold the task."""
        claim = self.held.get(worker)
        if claim is not None:
            self.queues.client.zadd(key(self.queues.farm, "leases"), {claim.task_id: 1}, xx=True)
            self.queues.reap(self.episode)

    def _bury(self, worker: str) -> None:
        self.queues.bury_worker(self.episode, worker, "killed")
        self.held.pop(worker, None)

    def _leave(self, worker: str) -> None:
        self.queues.leave(self.episode, worker)
        self.held.pop(worker, None)

    def _collect(self, _: str) -> None:
        self.queues.collect(self.episode, 2)


#: Work comes in and is taken more often than things go wrong.
DICE = ("enqueue", "enqueue", "enqueue", "claim", "claim", "claim", "done", "collect", *OPERATIONS)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(DICE), st.sampled_from(WORKERS)), min_size=10, max_size=80))
def test_every_task_is_in_one_place_and_counted_once(
    controller: Controller, queues: Queues, operations: list[tuple[str, str]]
) -> None:
    player = Player(queues, controller.begin([]))
    for operation, worker in operations:
        player.play(operation, worker)
        now = controller.snapshot(0)
        places = now.worker_queue + len(now.leases) + now.result_queue + now.output_queue
        assert places == now.enqueued_total == player.enqueued
    finish_all(player, controller)
    verdict = verify(read_history(queues.client, queues.farm), player.enqueued)
    assert verdict.passed, verdict.problems
    assert verdict.ok + verdict.recovered + verdict.dead == player.enqueued


def finish_all(player: Player, controller: Controller) -> None:
    for worker in WORKERS:
        player.play("bury", worker)
    while (now := controller.snapshot(0)).output_queue < player.enqueued:
        player.play("claim", "a")
        player.play("done", "a")
        player.play("collect", "a")
        assert now.enqueued_total == player.enqueued
