"""What docs/reward.md says about the shaped reward, measured again: where it ranks policies as QoS and cost do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from statistics import fmean

import pytest

from agents.autoscalers import INDUSTRY
from agents.reactive import Static
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.policy import Policy
from autoscaling_env.rng import episode_seeds
from autoscaling_env.rollout import play_episode
from workloads.scenarios import load_scenario, scenario_seeds

EPISODES = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """Means over episodes of one policy."""

    reward: float
    qos: float
    worker_seconds: float
    unfinished: float
    terms: dict[str, float]


@cache
def measured(scenario: str, agent: str) -> Measured:
    """Play the scenario's test episodes with an industry rule or ``static-N``."""
    config = load_scenario(scenario)
    env = OpenFaaSAutoscalingEnv(config=config)
    policy: Policy = INDUSTRY[agent](config) if agent in INDUSTRY else Static(int(agent.removeprefix("static-")))
    terms: Counter[str] = Counter()
    workers: list[int] = []

    def add(_observation: object, _reward: float, info: dict[str, object]) -> None:
        terms.update({name: value / EPISODES for name, value in info["reward_terms"].items()})  # type: ignore[attr-defined]
        workers.append(info["requested_workers"])  # type: ignore[arg-type]

    plays = [
        play_episode(env, policy, agent=agent, episode=0, episode_seed=seed, on_step=add)
        for seed in episode_seeds(scenario_seeds(scenario)[1], EPISODES)
    ]
    return Measured(
        fmean(play.total_reward for play in plays),
        fmean(play.summary.final_qos_total for play in plays),
        sum(workers) * config.environment.step_duration_s / EPISODES,
        fmean(play.info["unfinished_tasks"] for play in plays),
        dict(terms),
    )


def test_the_reward_is_the_sum_of_the_terms_looked_at_here() -> None:
    kpa = measured("oscillating", "kpa")
    assert sum(kpa.terms.values()) == pytest.approx(kpa.reward)


def test_among_constants_on_the_reference_it_ranks_by_qos_until_deadlines_are_met() -> None:
    rising = [measured("reference", f"static-{n}") for n in (8, 10, 12, 14)]
    assert [one.reward for one in rising] == sorted(one.reward for one in rising)
    assert [one.qos for one in rising] == sorted(one.qos for one in rising)


def test_it_hardly_feels_what_workers_cost() -> None:
    """Twice the balanced farm pays nearly half as much again and loses less than a tenth of the reward."""
    modest, lavish = measured("reference", "static-18"), measured("reference", "static-26")
    assert lavish.worker_seconds > 1.3 * modest.worker_seconds
    assert 0 < modest.reward - lavish.reward < 0.1 * modest.reward
    assert modest.qos > 0.999


def test_it_can_prefer_a_policy_that_meets_fewer_deadlines_for_more_workers() -> None:
    """KPA against 13 workers held: fewer deadlines met, more paid, more reward; the bonus for scaling up does it."""
    kpa, held = measured("oscillating", "kpa"), measured("oscillating", "static-13")
    assert kpa.qos < held.qos
    assert kpa.worker_seconds > held.worker_seconds
    assert kpa.reward > held.reward
    assert kpa.reward - kpa.terms["scale_up"] < held.reward - held.terms["scale_up"]


def test_one_runaway_queue_outweighs_everything_else() -> None:
    """The backlog term is quadratic and unbounded: a collapsed farm loses thousands of good episodes' reward."""
    collapsed, good = measured("on_off", "openfaas-ce"), measured("on_off", "static-18")
    assert -collapsed.terms["backlog"] > 1000 * good.reward
    assert -collapsed.terms["backlog"] > 0.99 * -collapsed.reward


def test_share_of_deadlines_met_does_not_count_what_never_finished() -> None:
    """So a QoS is to be read together with the unfinished tasks."""
    collapsed = measured("on_off", "openfaas-ce")
    assert collapsed.unfinished > 4000
    assert collapsed.qos > 0.5
