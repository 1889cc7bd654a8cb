"""The parts of a record."""

from __future__ import annotations

from typing import Any

from operate.controller.choosing import Choice
from operate.reading import TargetState
from operate.sight.estimator import Sight


def of_state(state: TargetState) -> dict[str, Any]:
    """Return what a record says of the workers."""
    return {
        "requested": state.requested,
        "applied": state.applied,
        "ready": state.ready,
        "draining": state.draining,
        "changed_by": state.changed_by,
    }


def of_choice(choice: Choice, policy: str) -> dict[str, Any]:
    """Return what a record says of a decision."""
    return {
        "policy": policy,
        "proposed": choice.proposed,
        "decided_by": choice.by,
        "because": choice.because,
        "forecast": choice.reasons.get("forecast"),
        "candidates": tuple(choice.reasons.get("plans", ())),
        "policy_ms": round(1000 * choice.took_s, 3),
    }


def of_sight(sight: Sight, missed: float) -> dict[str, float | None]:
    """Return what a record says of the queue, ``missed`` of whose tasks were too late."""
    flow = sight.flow
    told = {
        "backlog": flow.backlog,
        "in_flight": flow.in_flight,
        "arrived": flow.arrived,
        "completed": flow.completed,
        "done": float(len(sight.done_s)),
        "missed": missed,
        "service_s": sight.service_s,
        "oldest_s": sight.oldest_s,
        "elapsed_s": sight.elapsed_s,
    }
    return {name: round(value, 4) for name, value in told.items()}
