"""``decisions.jsonl`` as the report reads it."""

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from analysis.report.decisions import LEVELS, Plan, parse_decisions
from tests.analysis.data import decision


def test_decisions_stand_by_agent_and_episode_in_the_order_of_the_steps() -> None:
    lines = [decision(2), decision(1), decision(1, episode=1), decision(1, agent="b")]
    found = parse_decisions("\n".join(lines))
    steps = {key: [each.step for each in told] for key, told in found.items()}
    assert steps == {("static-8", 0): [1, 2], ("static-8", 1): [1], ("b", 0): [1]}
    first = found["b", 0][0]
    assert_array_equal(first.forecast, 10.25 + np.arange(5)[:, None] + np.arange(16))
    assert first.plans[0] == Plan((8, *[9] * 15), 86.4321, 0.07, 1336.0)
    assert first.because == "why 1; <b>bold</b>"
    assert parse_decisions("") == {}


@pytest.mark.parametrize(
    "damage",
    [
        {"forecast": {"0.5": [1.0]}},
        {"forecast": {level: [] for level in LEVELS}},
        {"forecast": {level: [float("nan")] for level in LEVELS}},
        {"plans": [{"wanted": [1], "reward": float("inf"), "missed": 0, "worker_seconds": 0}]},
        {"plans": [{"wanted": [1]}]},
        {"step": None},
        {"step": float("inf")},
    ],
)
def test_a_damaged_line_is_named(damage: dict[str, object]) -> None:
    damaged = json.dumps(json.loads(decision(2)) | damage)
    with pytest.raises(ValueError, match=r"^line 2: "):
        parse_decisions(f"{decision(1)}\n{damaged}\n")


@pytest.mark.parametrize("line", ["{", "[1]", "3", json.dumps({"agent": "a"})])
def test_what_is_no_decision_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"^line 1: "):
        parse_decisions(line)
