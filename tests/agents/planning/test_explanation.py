"""What the planner says of its plan."""

from __future__ import annotations

from typing import Any

import pytest

from agents.planning.explanation import because


def plan(*wanted: int, reward: float = 0.0, missed: float = 0.0, worker_seconds: float = 0.0) -> dict[str, Any]:
    return {"wanted": list(wanted), "reward": reward, "missed": missed, "worker_seconds": worker_seconds}


@pytest.mark.parametrize(
    ("best", "hold", "said"),
    [
        (plan(2, 2), plan(2, 2), "holding 2 workers promises most"),
        (plan(1, 1), plan(1, 1), "holding 1 worker promises most"),
        (plan(1, 1), plan(2, 2), "going to 1 worker now promises"),
        (plan(2, 3), plan(2, 2), "going to 3 workers in 8 s promises"),
        (plan(1, 6, 6), plan(2, 2, 2), "going to 1 worker now and to 6 in the end promises"),
    ],
)
def test_a_plan_is_told_by_its_first_change_and_its_end(best: dict[str, Any], hold: dict[str, Any], said: str) -> None:
    assert said in because(best, hold, coming=40.0, step_s=8.0)
