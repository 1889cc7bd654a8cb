"""What is broken, how often, in which order and for how long: drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Kind(StrEnum):
    """A kind of fault, as the table calls it."""

    LEADER_KILLED = "leader killed (SIGKILL)"
    LEADER_STOPPED = "leader stopped (SIGSTOP)"
    FOLLOWER_KILLED = "follower killed (SIGKILL)"
    FOLLOWER_STOPPED = "follower stopped (SIGSTOP)"
    LEASE_DELETED = "a person deletes the Lease"
    API_CUT = "API server gone: connections reset and refused"
    API_SILENT = "API server silent: nothing gets through"
    API_STOPPED = "API server stopped (SIGSTOP)"
    REDIS_KILLED = "Redis killed (SIGKILL), later started"
    REDIS_STOPPED = "Redis stopped (SIGSTOP)"
    REDIS_RESET = "counters in Redis set to 0"
    REDIS_JUMP = "a counter in Redis set to 5 000 000 000"
    EXPORTER_FROZEN = "Prometheus stale: the exporter tells old samples"
    EXPORTER_AWAY = "Prometheus stale: the exporter fails"
    PROMETHEUS_STOPPED = "Prometheus stopped (SIGSTOP)"
    EXPORTER_RESET = "counters in Prometheus begin anew"
    PERSON = "a person scales by hand"
    POLICY_RAISES = "the policy raises"
    POLICY_HANGS = "the policy hangs"
    POLICY_NAN = "the policy says NaN"
    CLOCK_FORWARD = "the wall clock jumps forward"
    CLOCK_BACK = "the wall clock jumps back"


#: How often each kind comes; the real API server is stopped only where the campaign is given its process.
COUNTS: dict[Kind, int] = {
    Kind.LEADER_KILLED: 5,
    Kind.LEADER_STOPPED: 5,
    Kind.FOLLOWER_KILLED: 4,
    Kind.FOLLOWER_STOPPED: 4,
    Kind.LEASE_DELETED: 4,
    Kind.API_CUT: 4,
    Kind.API_SILENT: 4,
    Kind.API_STOPPED: 2,
    Kind.REDIS_KILLED: 4,
    Kind.REDIS_STOPPED: 4,
    Kind.REDIS_RESET: 3,
    Kind.REDIS_JUMP: 2,
    Kind.EXPORTER_FROZEN: 3,
    Kind.EXPORTER_AWAY: 2,
    Kind.PROMETHEUS_STOPPED: 2,
    Kind.EXPORTER_RESET: 3,
    Kind.PERSON: 6,
    Kind.POLICY_RAISES: 4,
    Kind.POLICY_HANGS: 4,
    Kind.POLICY_NAN: 4,
    Kind.CLOCK_FORWARD: 3,
    Kind.CLOCK_BACK: 3,
}
#: Seconds that a fault lasts, least and most; 0: it is over at once. Outages outlast the telemetry's age of 4 s.
HOLDS_S: dict[Kind, tuple[float, float]] = {
    Kind.LEADER_KILLED: (18, 18),
    Kind.LEADER_STOPPED: (18, 22),
    Kind.FOLLOWER_KILLED: (1, 3),
    Kind.FOLLOWER_STOPPED: (4, 8),
    Kind.LEASE_DELETED: (5, 6),
    Kind.API_CUT: (6, 14),
    Kind.API_SILENT: (6, 14),
    Kind.API_STOPPED: (6, 10),
    Kind.REDIS_KILLED: (3, 8),
    Kind.REDIS_STOPPED: (5, 9),
    Kind.EXPORTER_FROZEN: (6, 9),
    Kind.EXPORTER_AWAY: (6, 9),
    Kind.PROMETHEUS_STOPPED: (5, 8),
    Kind.POLICY_RAISES: (3, 5),
    Kind.POLICY_HANGS: (3, 5),
    Kind.POLICY_NAN: (3, 5),
}
#: Seconds by which the clock on the wall is set: minutes, hours, more than a day.
JUMPS_S = (90.0, 7200.0, 90_000.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the schedule.

    Attributes:
        kind: of it.
        hold_s: how long it lasts at most.
        pause_s: quiet seconds after it.
        amount: workers that a person wants more or fewer, or seconds by which a clock is set.
    """

    kind: Kind
    hold_s: float = 0.0
    pause_s: float = 1.0
    amount: float = 0.0


def schedule(seed: int, minutes: float, kinds: Sequence[Kind]) -> list[Fault]:
    """Return these kinds in an order and with numbers drawn from ``seed``; pauses fill the time where it is long.

    Args:
        seed: of order and numbers.
        minutes: that it should take at least; faults take as long as they take.
        kinds: one for each fault.
    """
    rng = np.random.default_rng(seed)
    order = [kinds[place] for place in rng.permutation(len(kinds))]
    holds = [float(rng.uniform(*HOLDS_S.get(kind, (0.0, 0.0)))) for kind in order]
    spare_s = max(0.0, 60 * minutes - sum(holds) - 3.0 * len(order)) / max(1, len(order))
    pauses = rng.uniform(0.5, 1.5, len(order)) * (1.0 + spare_s)
    return [
        Fault(kind, hold_s, float(pause_s), _amount(kind, rng))
        for kind, hold_s, pause_s in zip(order, holds, pauses, strict=True)
    ]


def every(*, stops_api_server: bool) -> list[Kind]:
    """Return the kinds of the whole campaign, each as often as it comes."""
    counts = {kind: count for kind, count in COUNTS.items() if stops_api_server or kind != Kind.API_STOPPED}
    return [kind for kind, count in counts.items() for _ in range(count)]


def _amount(kind: Kind, rng: np.random.Generator) -> float:
    if kind == Kind.PERSON:
        return float(rng.integers(1, 8))
    if kind in {Kind.CLOCK_FORWARD, Kind.CLOCK_BACK}:
        return float(rng.choice(JUMPS_S)) * (1 if kind == Kind.CLOCK_FORWARD else -1)
    return 0.0
