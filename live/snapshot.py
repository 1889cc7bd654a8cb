"""Everything the controller reads of a farm at one instant."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from live.platform import Roster, WorkerRecord


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """A task in somebody's hands. ``claimed_us``: server clock."""

    task: int
    worker: str
    claimed_us: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The farm at one instant, ``now_us`` by the server's clock.

    Attributes:
        started_us: time 0 of the episode; 0: not started.
        failed: why the emitter gave up, or "".
        trouble: why the server could not renew the controller's claim (out of memory), or "".
        dead: entries of the dead list.
        collected: output records as dictionaries, see ``keys.KEYS["output_queue"]``.
        heartbeat_us: worker -> when it last reported.
        leases: the tasks in hands.
    """

    now_us: int
    started_us: int
    failed: str
    trouble: str
    input_queue: int
    worker_queue: int
    enqueued_total: int
    result_queue: int
    output_queue: int
    dead: int
    collected: tuple[dict[str, Any], ...]
    heartbeat_us: dict[str, int]
    leases: tuple[LeaseRecord, ...]

    def roster(self, service_s: Sequence[float], time_scale: float) -> Roster:
        """Return the registered workers; ``service_s[i]`` is the expected service time of task ``i``."""
        held = {lease.worker: lease for lease in self.leases}
        return tuple(
            self._worker(name, at_us, held.get(name), service_s, time_scale)
            for name, at_us in self.heartbeat_us.items()
        )

    def _worker(
        self, name: str, at_us: int, lease: LeaseRecord | None, service_s: Sequence[float], time_scale: float
    ) -> WorkerRecord:
        age_s = (self.now_us - at_us) / 1e6
        if lease is None:
            return WorkerRecord(name, age_s)
        expected_s = service_s[lease.task] * time_scale if lease.task < len(service_s) else 0.0
        return WorkerRecord(name, age_s, lease.task, (lease.claimed_us - self.now_us) / 1e6 + expected_s)


def parse_snapshot(answer: list[Any]) -> Snapshot:
    """Read the answer of script ``snapshot`` (its Lua file says what is where)."""
    _, now_us, started_us, failed, trouble, *lengths, output, heartbeats, leased = answer
    input_queue, worker_queue, enqueued_total, result_queue, output_queue, dead = map(int, lengths)
    return Snapshot(
        now_us=int(now_us),
        started_us=int(started_us),
        failed=failed,
        trouble=trouble,
        input_queue=input_queue,
        worker_queue=worker_queue,
        enqueued_total=enqueued_total,
        result_queue=result_queue,
        output_queue=output_queue,
        dead=dead,
        collected=tuple(json.loads(record) for record in output),
        heartbeat_us={name: int(float(at)) for name, at in _pairs(heartbeats)},
        leases=tuple(_lease(task, record) for task, record in _pairs(leased)),
    )


def _pairs(flat: list[str]) -> zip[tuple[str, str]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _lease(task: str, record: str) -> LeaseRecord:
    _, worker, claimed_us, _ = record.split("|", 3)
    return LeaseRecord(int(task), worker, int(claimed_us))
