"""SARSA(lambda) on problems small enough to solve on paper."""

from __future__ import annotations

import pytest

from agents.sarsa import SarsaLearner
from tests.agents.farms import begin, seen, small_config, step
from tests.agents.learner_contract import LearnerContract

GREEDY = ("agents.sarsa.epsilon=0", "agents.sarsa.epsilon_min=0")
EXACT = ("agents.sarsa.alpha=1", "agents.sarsa.alpha_decay_visits=1000000000000", "agents.sarsa.gamma=0.5")
ONE_ACTION = ("environment.action_deltas=[0]",)


def learner(*assignments: str) -> SarsaLearner:
    """Return a greedy learner of step size 1 whose state is the number of workers."""
    bins = "agents.sarsa.bins=[1, 1, 1, 1, 5, 1, 1, 1, 1]"
    return SarsaLearner(small_config(bins, *GREEDY, *EXACT, *ONE_ACTION, *assignments), seed=0)


def value(made: SarsaLearner, workers: int) -> float:
    """Return the learned value of the only action with so many workers."""
    return made.values[made._discretise.state(seen(workers))][0]


class TestSarsaLearner(LearnerContract):
    def make(self, *assignments: str, seed: int = 0) -> SarsaLearner:
        return SarsaLearner(small_config(*assignments), seed)


def test_no_value_is_expected_beyond_a_terminal_step() -> None:
    made = learner()
    for _ in range(50):
        begin(made, seen(1))
        step(made, 1.0, seen(1), True, False)
    assert value(made, 1) == 1.0


def test_truncation_is_no_end_the_value_ahead_still_counts() -> None:
    made = learner()
    for _ in range(80):
        begin(made, seen(1))
        step(made, 1.0, seen(1), False, True)
    assert value(made, 1) == pytest.approx(1 / (1 - 0.5))


def test_values_follow_the_action_that_is_really_taken_next() -> None:
    """On-policy: with half the actions random, holding is worth less than the best action would promise."""
    made = SarsaLearner(
        small_config(
            "agents.sarsa.bins=[1, 1, 1, 1, 5, 1, 1, 1, 1]",
            "agents.sarsa.epsilon=1",
            "agents.sarsa.epsilon_min=1",
            "agents.sarsa.gamma=0.5",
            "agents.sarsa.alpha_min=0.001",
            "agents.sarsa.trace_lambda=0",
            "environment.action_deltas=[0, 1]",
        ),
        seed=0,
    )
    for _ in range(3000):
        action = begin(made, seen(1))
        action = step(made, 0.0, seen(2), False, False)
        step(made, float(action), seen(3), True, False)
        made.end()
    first = made.values[made._discretise.state(seen(1))]
    assert first == pytest.approx([0.25, 0.25], abs=0.04)  # gamma * mean(0, 1), not gamma * max = 0.5


def chain(made: SarsaLearner, *workers: int) -> None:
    """Play one episode through these states, with a reward of 1 at its end only."""
    begin(made, seen(workers[0]))
    for number in workers[1:]:
        step(made, 0.0, seen(number), False, False)
    step(made, 1.0, seen(workers[-1]), True, False)


def test_without_traces_one_episode_teaches_only_the_last_step() -> None:
    made = learner("agents.sarsa.trace_lambda=0")
    chain(made, 1, 2, 3)
    assert (value(made, 1), value(made, 2), value(made, 3)) == (0.0, 0.0, 1.0)


def test_traces_carry_the_reward_back_in_one_episode() -> None:
    made = learner("agents.sarsa.trace_lambda=1", "agents.sarsa.trace_threshold=0.0001")
    chain(made, 1, 2, 3)
    assert (value(made, 1), value(made, 2), value(made, 3)) == (0.25, 0.5, 1.0)


def test_traces_below_the_threshold_are_dropped() -> None:
    made = learner("agents.sarsa.trace_lambda=1", "agents.sarsa.trace_threshold=0.3")
    chain(made, 1, 2, 3)
    assert (value(made, 1), value(made, 2)) == (0.0, 0.5)
    assert len(made.walks[0].traces) == 1


@pytest.mark.parametrize(("kind", "trace"), [("replacing", 1.0), ("accumulating", 1.5)])
def test_a_second_visit_replaces_or_adds_to_the_trace(kind: str, trace: float) -> None:
    made = learner("agents.sarsa.trace_lambda=1", f"agents.sarsa.traces={kind}")
    chain(made, 1, 1)
    assert value(made, 1) == pytest.approx(trace)  # the second step's error is 1 and its step size 1


def test_traces_do_not_reach_into_the_next_episode() -> None:
    made = learner("agents.sarsa.trace_lambda=1")
    begin(made, seen(1))
    step(made, 0.0, seen(2), False, True)
    chain(made, 3)
    assert value(made, 1) == 0.0


def test_the_table_holds_only_what_was_updated() -> None:
    made = learner()
    begin(made, seen(1))
    step(made, 0.0, seen(2), False, True)
    assert len(made.values) == 1


def test_the_step_size_falls_with_visits_to_its_least_value() -> None:
    made = learner("agents.sarsa.alpha=0.8", "agents.sarsa.alpha_min=0.1", "agents.sarsa.alpha_decay_visits=1")
    assert [made._alpha(visits) for visits in (1, 2, 3, 100)] == pytest.approx([0.8, 0.4, 0.8 / 3, 0.1])


def test_a_policy_keeps_where_the_table_knows_nothing() -> None:
    policy = SarsaLearner(small_config(), seed=0).policy()
    assert policy.act(seen(4), {}) == 1
