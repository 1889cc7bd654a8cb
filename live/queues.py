"""The queue protocol as functions use it: each method is one atomic script that may safely be run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from live.clients import shown
from live.errors import speaking_ours
from live.wire.keys import checked_farm, key
from live.wire.scripts import Scripts

if TYPE_CHECKING:
    from redis import Redis


class StaleEpisode(Exception):  # noqa: N818 - it is news, not an error
    """The farm runs another episode than the caller's: whatever the caller holds counts no longer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A task leased to this worker.

    Attributes:
        task_id: the task's number in the episode, as text.
        token: fencing token: a result counts only while this is the newest token given out for the task.
        body: the task as JSON.
    """

    task_id: str
    token: str
    body: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of ending a lease: ``settled``, ``again`` (it had been already) or ``fenced`` (too late)."""

    state: str
    next_claim: Claim | None = None


class Queues:
    """The queues of one farm, for emitter, workers and collector.

    Every method raises ``StaleEpisode``, or one of ``live.errors`` when the server cannot be asked.
    """

    def __init__(self, client: Redis, farm: str, url: str = "") -> None:
        self.client = client
        self.farm = checked_farm(farm)
        self.where = shown(url)
        self._scripts = Scripts(client, farm)

    def run(self, script: str, *arguments: str | int | float) -> Any:
        """Run a script, with the server's complaints in our words."""
        with speaking_ours(self.where):
            return self._scripts.run(script, arguments)

    def episode(self) -> dict[str, str]:
        """Return the fields of the running episode; empty when there is none."""
        with speaking_ours(self.where):
            fields = self.client.hgetall(key(self.farm, "episode"))
        return {str(name): str(value) for name, value in fields.items()}

    # -- emitter

    def take_segment(self, episode: str, number: int) -> str | None:
        """Start segment ``number`` and return its JSON, or None when there are no more."""
        state, *segment = self.run("take_segment", episode, number)
        _check(state != "stale")
        return segment[0] if segment else None

    def enqueue(self, episode: str, first: int, tasks: Sequence[str]) -> int:
        """Put tasks number ``first``, ``first + 1``, ... on the worker queue; return how many are in all."""
        total = int(self.run("enqueue", episode, first, *tasks))
        _check(total != -1)
        if total == -2:
            raise ValueError(f"tasks before number {first} were not enqueued")
        return total

    def enqueued_total(self) -> int:
        """Return how many tasks were put on the worker queue in this episode."""
        with speaking_ours(self.where):
            return int(self.client.get(key(self.farm, "worker_queue:enqueued_total")) or 0)

    def fail(self, episode: str, reason: str) -> None:
        """End the episode: the emitter cannot go on."""
        self.run("fail", episode, reason)

    # -- worker

    def register(self, worker: str, host: str, pid: int, age_s: float) -> str:
        """Report ready; return the episode's id, or "" when there is none yet."""
        return str(self.run("register", worker, host, pid, int(age_s * 1e6)))

    def claim(self, episode: str, worker: str, number: int) -> Claim | None:
        """Take the oldest task, or None. ``number`` grows with every claim of this worker."""
        state, *task = self.run("claim", episode, worker, number)
        _check(state != "stale")
        return Claim(*task) if task else None

    def finish(
        self, episode: str, worker: str, claim: Claim, outcome: str, value: str, work_s: float, next_number: int | None
    ) -> Settled:
        """End the lease ``claim``; with ``next_number`` take the next task in the same step.

        Args:
            outcome: ``done`` (``value`` is the result as JSON), ``failed`` (the reason; delivered again up
                to the limit) or ``returned`` (the reason; this delivery does not count).
            work_s: real seconds the handler took.
        """
        number = "" if next_number is None else next_number
        answer = self.run(
            "finish", episode, worker, claim.task_id, claim.token, outcome, value, f"{work_s:.6f}", number
        )
        _check(answer[0] != "stale")
        return Settled(answer[0], Claim(*answer[1:]) if len(answer) > 1 else None)

    def beat(self, episode: str, worker: str, claim: Claim | None) -> str:
        """Report alive, and renew the lease; return ``ok``, ``unknown`` (register again) or ``fenced``."""
        state = str(self.run("beat", episode, worker, *((claim.task_id, claim.token) if claim else ("", ""))))
        _check(state != "stale")
        return state

    def leave(self, episode: str, worker: str) -> None:
        """Sign off."""
        self.run("leave", episode, worker)

    # -- collector, and whoever looks after the farm

    def collect(self, episode: str, most: int) -> tuple[int, int]:
        """Count up to ``most`` results; return how many it were and how many are left."""
        answer = self.run("collect", episode, most)
        _check(answer[0] != "stale")
        return int(answer[0]), int(answer[1])

    def reap(self, episode: str, most: int = 1000) -> int:
        """Take back tasks whose lease ended; return how many."""
        count = int(self.run("reap", episode, most))
        _check(count >= 0)
        return count

    def bury_worker(self, episode: str, worker: str, how: str) -> bool:
        """Take back the task of a worker that is known to be dead; return whether it held one."""
        return bool(self.run("bury_worker", episode, worker, how))

    # -- reading

    def server_time_us(self) -> int:
        """Return the server's clock in microseconds."""
        with speaking_ours(self.where):
            now: tuple[int, int] = self.client.time()
        return now[0] * 1_000_000 + now[1]

    def heartbeats(self) -> dict[str, int]:
        """Return when each registered worker last reported, in the server's microseconds."""
        with speaking_ours(self.where):
            pairs: Any = self.client.zrange(key(self.farm, "heartbeats"), 0, -1, withscores=True)
        return {str(name): int(at_us) for name, at_us in pairs}

    def length(self, command: str, full_key: str) -> int:
        """Return what ``llen``, ``hlen``, ``scard`` or ``zcard`` says of a key."""
        with speaking_ours(self.where):
            return int(self.client.execute_command(command, full_key))  # type: ignore[no-untyped-call]


def _check(current: bool) -> None:
    if not current:
        raise StaleEpisode
