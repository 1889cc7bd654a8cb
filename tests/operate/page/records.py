"""Records of an hour as a controller writes them: a load that swings, and a burst; the same at every call."""

from __future__ import annotations

import math
from collections.abc import Iterator
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
    return Facts(
        **{
            "title": "Invoices",
            "source": "Redis list invoices:todo at redis://queue:6379/0",
            "target": "Deployment billing/invoice-worker",
            "policy": "planner",
            "mode": "act",
            "objective": ObjectiveConfig(finish_within=30.0, share=0.98, window=600.0),
            "bounds": BoundsConfig(min=LEAST, max=MOST),
            "interval_s": STEP_S,
        }
        | changes
    )


def load(tick: int) -> float:
    """Tasks that are to be expected in a step: a slow swing, and a burst from minute 40 on."""
    swing = 42.0 + 26.0 * math.sin(tick / 45.0)
    return swing + 70.0 * math.exp(-(((tick - 305) / 9.0) ** 2))


def came(tick: int) -> int:
    """Tasks that came in a step: the load with some noise that is none."""
    return max(0, round(load(tick) + 6.0 * math.sin(tick * 2.399) + 3.0 * math.sin(tick * 5.1)))


def forecast(tick: int, horizon: int = 15) -> dict[str, list[float]]:
    """Quantiles of the next steps: wider the farther, and blind for the burst until it begins."""
    seen = load(tick) if load(tick) > 75 else 42.0 + 26.0 * math.sin(tick / 45.0)
    middle = [seen + (42.0 + 26.0 * math.sin((tick + k) / 45.0) - seen) * k / horizon for k in range(1, horizon + 1)]
    return {
        level: [round(max(0.0, value + z * (5.0 + 0.9 * k)), 2) for k, value in enumerate(middle, 1)]
        for level, z in LEVELS.items()
    }


def records(ticks: int = 450, **changes: Any) -> Iterator[Record]:
    """The records of so many ticks; ``changes`` replace fields of each."""
    backlog, requested, ready, hours = 8.0, 7, 7, 31.0
    done: list[tuple[float, float]] = []
    quiet = 99
    for tick in range(ticks):
        arrived, capacity = came(tick), ready * PACE
        completed = min(backlog + arrived, capacity)
        waits = backlog / max(1.0, capacity) * STEP_S
        missed = round(completed * min(1.0, max(0.0, (waits - 18.0) / 30.0)))
        backlog = backlog + arrived - completed
        done = [*done, (completed, float(missed))][-75:]
        share = 1.0 - sum(late for _, late in done) / max(1.0, sum(count for count, _ in done))
        proposed = max(LEAST, math.ceil(1.12 * (load(tick) + backlog / 4.0) / PACE))
        wanted, bends = bent(requested, proposed, quiet)
        quiet = 0 if wanted < requested else quiet + 1
        hours += requested * STEP_S / 3600.0
        yield Record(
            **{
                "at": (BEGIN + timedelta(seconds=STEP_S * tick)).isoformat().replace("+00:00", "Z"),
                "operator": "operate-7c9f-x2",
                "tick": tick,
                "time_s": STEP_S * tick,
                "term": 3,
                "mode": "act",
                "acting": True,
                "step_s": STEP_S,
                "skipped": int(tick == 200),
                "age_s": 0.3 + 0.1 * (tick % 5),
                "seen": {
                    "backlog": backlog,
                    "in_flight": min(ready, backlog + arrived),
                    "arrived": arrived,
                    "completed": completed,
                    "missed": missed,
                    "service_s": STEP_S / PACE,
                    "oldest_s": round(waits, 1),
                },
                "estimated": ("missed", "oldest_s"),
                "requested": requested,
                "applied": max(requested, ready),
                "ready": ready,
                "policy": "planner",
                "proposed": proposed,
                "decided_by": "planner",
                "because": because(requested, proposed, tick),
                "forecast": forecast(tick),
                "bends": bends,
                "wanted": wanted,
                "written": wanted if wanted != requested else None,
                "outcome": "ok" if wanted != requested else "",
                "share_met": round(share, 4),
                "burn": round((1.0 - share) / 0.02, 3),
                "hours_today": hours,
                "policy_ms": 41.0 + tick % 7,
                "tick_ms": 4.0 + tick % 3,
            }
            | changes
        )
        ready += max(-2, min(1, requested - ready))
        requested = wanted


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
        return f"{requested} workers are enough for the {load(tick):.0f} tasks foreseen in the next step"
    more = "more come" if proposed > requested else "fewer come"
    return f"{more}: {load(tick):.0f} tasks are foreseen in the next step, which {proposed} workers do in time"
