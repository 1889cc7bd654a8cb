"""A comparison in a few sentences: the same claims as the tables, and no more."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.verdict import in_short
from tests.analysis.data import episodes

SAME = np.arange(12.0)


def told(**values: object) -> list[str]:
    table = pd.concat([episodes(name.replace("_", "-"), each) for name, each in values.items()], ignore_index=True)
    return in_short(table, np.random.default_rng(0))


def test_a_single_agent_is_not_compared() -> None:
    assert told(keda=SAME) == []


def test_who_earned_most_and_how_far_the_others_are_behind() -> None:
    first, second, last = told(worst=SAME - 100, best=SAME, next=SAME - 1)
    assert first == "best has the highest return: 5.50 on average."
    assert second == "next comes next, 1.00 behind [1.00, 1.00]."
    assert last == "worst has the lowest, 100.00 behind [100.00, 100.00]."


def test_what_may_be_chance_is_called_so() -> None:
    noise = np.array([3.0, -3.0] * 6) - 0.1
    _, second = told(one=SAME, two=SAME + noise)
    assert "which may be chance" in second


def test_an_equal_is_called_so() -> None:
    assert told(one=SAME, two=SAME, three=SAME - 1)[1] == "two has the same."


def test_few_episodes_claim_nothing() -> None:
    *_, second, warning = told(one=SAME[:3], two=SAME[:3] - 5)
    assert second == "two comes next, 5.00 behind."
    assert warning == "Fewer than 10 episodes were played: a difference may be chance."


def test_the_best_found_does_not_compete() -> None:
    first, *_, last = told(one=SAME, two=SAME - 1, hindsight=SAME + 4)
    assert first.startswith("one has the highest return")
    assert last == "hindsight, which knows the tasks, returns 9.50: 4.00 more."


def test_the_terms_that_make_the_difference_are_named() -> None:
    table = pd.concat([episodes("one", SAME), episodes("two", SAME - 10)], ignore_index=True)
    rows = [
        {"agent": agent, "episode": episode, "reward_qos": qos, "reward_backlog": backlog, "reward_scale_up": 1.0}
        for episode in range(12)
        for agent, qos, backlog in (("one", 5.0, 0.0), ("two", 4.0, -9.0))
    ]
    sentences = in_short(table, np.random.default_rng(0), pd.DataFrame(rows))
    assert sentences[1] == "two comes next, 10.00 behind [10.00, 10.00], mostly through backlog (-9.00)."


def test_tasks_that_are_unknown_are_not_paired() -> None:
    table = pd.concat([episodes("one", SAME), episodes("two", SAME - 1)], ignore_index=True)
    sentences = in_short(table.assign(episode_seed=pd.NA), np.random.default_rng(0))  # type: ignore[arg-type]
    assert sentences[1] == "two comes next, 1.00 behind."
