"""Records of an hour as a controller writes them: a load that swings, and a burst; the same at every call."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from operate.config import BoundsConfig, ObjectiveConfig
from operate.page import Facts
from operate.record import Bend, Record

STEP_S = 8.0
BEGIN = datetime(2026, 3, 4, 9, 0, 0, tzinfo=UTC)
#: Tasks that a worker does in a step.
PACE = 6.0
LEVELS = {"0.05": -1.645, "0.25": -0.674, "0.5": 0.0, "0.75": 0.674, "0.95": 1.645}
#: Of the lowest and highest count, and the most change in a tick.
LEAST, MOST, CHANGE = 2, 24, 2


def facts(**changes: Any) -> Facts:
    fields: dict[str, Any] = {
        "title": "Invoices",
        "source": "Redis list invoices:todo at redis://queue:6379/0",
        "target": "Deployment billing/invoice-worker",
        "policy": "planner",
        "mode": "act",
        "objective": ObjectiveConfig(finish_within=30.0, share=0.98, window=600.0),
        "bounds": BoundsConfig(min=LEAST, max=MOST),
        "interval_s": STEP_S,
    }

    return Facts(**fields | changes)


def load(tick: int) -> float:
    """Tasks that are to be expected in a step: a slow swing, and a burst from minute 40 on."""
    return swing(tick) + 70.0 * math.exp(-(((tick - 305) / 9.0) ** 2))


def came(tick: int) -> int:
    """Tasks that came in a step: the load with some noise that is none."""
    return max(0, round(load(tick) + 6.0 * math.sin(tick * 2.399) + 3.0 * math.sin(tick * 5.1)))


def expected(tick: int) -> float:
    """What is foreseen of the next step: the swing; the burst only once it is there."""
    return load(tick - 1) if load(tick - 1) > 80.0 else swing(tick)


def swing(tick: float) -> float:
    return 42.0 + 26.0 * math.sin(tick / 45.0)


def forecast(tick: int, horizon: int = 15) -> dict[str, list[float]]:
    """Quantiles of the next steps: wider the farther, and blind for the burst until it begins."""
    begin = expected(tick)
    middle = [begin + (swing(tick + k) - begin) * k / horizon for k in range(1, horizon + 1)]
    return {
        level: [round(max(0.0, value + z * (5.0 + 0.9 * k)), 2) for k, value in enumerate(middle, 1)]
        for level, z in LEVELS.items()
    }


@dataclass
class Farm:
    """A queue and its workers, in steps of whole tasks."""

    backlog: float = 8.0
    requested: int = 7
    ready: int = 7
    hours: float = 31.0
    quiet: int = 99
    done: list[tuple[float, float]] = field(default_factory=list)

    def seen(self, tick: int) -> dict[str, float | None]:
        """Let a step pass and tell what a source tells of it."""
        arrived, capacity = came(tick), self.ready * PACE
        completed = min(self.backlog + arrived, capacity)
        waits = self.backlog / max(1.0, capacity) * STEP_S
        missed = float(round(completed * min(1.0, max(0.0, (waits - 12.0) / 30.0))))
        self.backlog += arrived - completed
        self.hours += self.requested * STEP_S / 3600.0
        self.done = [*self.done, (completed, missed)][-75:]
        return {
            "backlog": self.backlog,
            "in_flight": float(self.ready) if self.backlog else min(self.ready, arrived / 4.0),
            "arrived": arrived,
            "completed": completed,
            "missed": missed,
            "service_s": STEP_S / PACE,
            "oldest_s": round(waits, 1),
        }

    @property
    def share(self) -> float:
        return 1.0 - sum(late for _, late in self.done) / max(1.0, sum(count for count, _ in self.done))

    def scaled(self, tick: int, wanted: int) -> None:
        """Workers leave at once and take two steps to come."""
        self.quiet = 0 if wanted < self.requested else self.quiet + 1
        self.ready += max(-2, min(tick % 2, self.requested - self.ready))
        self.requested = wanted


def records(ticks: int = 450, **changes: Any) -> Iterator[Record]:
    """The records of so many ticks; ``changes`` replace fields of each."""
    farm = Farm()
    for tick in range(ticks):
        fields = _seen(farm, tick) | _decided(farm, tick) | changes
        yield Record(**fields)
        farm.scaled(tick, fields["wanted"])


def _seen(farm: Farm, tick: int) -> dict[str, Any]:
    return {
        "at": (BEGIN + timedelta(seconds=STEP_S * tick)).isoformat().replace("+00:00", "Z"),
        "operator": "operate-7c9f-x2",
        "tick": tick,
        "time_s": STEP_S * tick,
        "step_s": STEP_S,
        "skipped": int(tick == 200),
        "age_s": 0.3 + 0.1 * (tick % 5),
        "seen": farm.seen(tick),
        "estimated": ("missed", "oldest_s"),
        "requested": farm.requested,
        "applied": min(farm.requested, farm.ready + 1),
        "ready": min(farm.ready, farm.requested),
        "draining": max(0, farm.ready - farm.requested),
        "share_met": round(farm.share, 4),
        "burn": round((1.0 - farm.share) / 0.02, 3),
        "hours_today": farm.hours,
    }


def _decided(farm: Farm, tick: int) -> dict[str, Any]:
    requested = farm.requested
    proposed = max(LEAST, math.ceil((1.08 * expected(tick) + min(farm.backlog, 90.0) / 4.0) / PACE))
    wanted, bends = bent(requested, proposed, farm.quiet)
    return {
        "term": 3,
        "mode": "act",
        "acting": True,
        "policy": "planner",
        "proposed": proposed,
        "decided_by": "planner",
        "because": because(requested, proposed, tick),
        "forecast": forecast(tick),
        "bends": bends,
        "wanted": wanted,
        "written": wanted if wanted != requested else None,
        "outcome": "ok" if wanted != requested else "",
        "policy_ms": 41.0 + tick % 7,
        "tick_ms": 4.0 + tick % 3,
    }


def bent(requested: int, proposed: int, quiet: int) -> tuple[int, tuple[Bend, ...]]:
    """What guardrails leave of a proposal."""
    bends, wanted = [], proposed
    if wanted > MOST:
        bends.append(Bend("bounds", wanted, MOST, f"at most {MOST} workers are allowed"))
        wanted = MOST
    if wanted > requested + CHANGE:
        bends.append(
            Bend("change_per_tick", wanted, requested + CHANGE, f"a tick may change the count by {CHANGE} at most")
        )
        wanted = requested + CHANGE
    if wanted < requested and quiet < 7:
        after = f"the last scale-in was {STEP_S * (quiet + 1):g} s ago, and 60 s are to pass"
        bends.append(Bend("scale_in_cooldown", wanted, requested, after))
        wanted = requested
    return wanted, tuple(bends)


def because(requested: int, proposed: int, tick: int) -> str:
    if proposed == requested:
        return f"{requested} workers are enough for the {expected(tick):.0f} tasks foreseen in the next step"
    more = "more come" if proposed > requested else "fewer come"
    return f"{more}: {expected(tick):.0f} tasks are foreseen in the next step, which {proposed} workers do in time"
