"""Laws of the search: what is tried, what is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tuning import Parameter, Score, Trial, applied, cheapest_meeting, pareto, search_space, tune
from agents.tuning.search import settings_to_try
from agents.tuning.space import TUNABLE, nested
from autoscaling_env.config import default_config, load_config
from autoscaling_env.errors import ConfigError, InputError

spaces = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(
    lambda sizes: tuple(Parameter(f"p{i}", tuple(range(size))) for i, size in enumerate(sizes))
)
scores = st.builds(Score, st.integers(0, 20).map(lambda n: n / 20), st.integers(0, 20).map(float))
trials = st.lists(st.builds(Trial, st.just({}), scores), max_size=30)


@given(spaces, st.integers(1, 700), st.integers(0, 9))
def test_settings_are_distinct_within_the_budget_and_begin_with_the_usual_one(
    space: tuple[Parameter, ...], budget: int, seed: int
) -> None:
    tried = settings_to_try(space, budget, np.random.default_rng(seed))
    total = math.prod(len(parameter.values) for parameter in space)
    assert len(tried) == min(budget, total)
    assert len({tuple(setting.items()) for setting in tried}) == len(tried)
    assert tried[0] == {parameter.key: parameter.values[0] for parameter in space}
    assert tried == settings_to_try(space, budget, np.random.default_rng(seed))


@given(trials)
def test_pareto_keeps_exactly_what_nothing_beats(done: list[Trial]) -> None:
    kept = pareto(done)
    for trial in done:
        beaten = any(beats(other.score, trial.score) for other in done)
        assert beaten == (trial.score not in [best.score for best in kept])
    costs = [trial.score.worker_seconds for trial in kept]
    assert costs == sorted(set(costs))


def beats(one: Score, other: Score) -> bool:
    no_worse = one.qos >= other.qos and one.worker_seconds <= other.worker_seconds
    return no_worse and one != other


@given(trials, st.floats(0, 1))
def test_the_cheapest_that_meets_the_objective(done: list[Trial], slo: float) -> None:
    meeting = [trial.score.worker_seconds for trial in done if trial.score.qos >= slo]
    found = cheapest_meeting(done, slo)
    assert (found is None) == (not meeting)
    assert found is None or found.score.worker_seconds == min(meeting)


def test_trials_come_in_order_with_progress() -> None:
    space = (Parameter("a", (1, 2, 3)),)
    seen: list[tuple[int, int]] = []
    done = tune(
        space,
        lambda settings: Score(settings["a"] / 10, 1.0),
        10,
        np.random.default_rng(0),
        lambda n, of: seen.append((n, of)),
    )
    assert [trial.score.qos for trial in done] == [0.1, 0.2, 0.3]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_search_needs_a_budget() -> None:
    with pytest.raises(ValueError, match="at least one trial, not 0"):
        settings_to_try((Parameter("a", (1,)),), 0, np.random.default_rng(0))


@pytest.mark.parametrize("policy", TUNABLE)
def test_every_setting_of_every_space_is_a_valid_configuration(policy: str) -> None:
    for config in (default_config(), load_config(assignments=["farm.min_workers=0", "agents.hpa.metric=queue"])):
        for parameter in search_space(policy, config):
            for value in parameter.values:
                found = applied(config, {parameter.key: value}).model_dump(mode="json")
                for part in parameter.key.split("."):
                    found = found[part]
                assert found == value


def test_polling_and_cooldown_are_tuned_only_where_keda_goes_to_zero() -> None:
    def keys(config_min: int) -> set[str]:
        config = load_config(assignments=[f"farm.min_workers={config_min}"])
        return {parameter.key for parameter in search_space("keda", config)}

    assert keys(0) - keys(1) == {"agents.keda.polling_interval_s", "agents.keda.cooldown_period_s"}


def test_wrong_names_and_values_are_one_line_each() -> None:
    with pytest.raises(InputError, match=r"unknown policy to tune 'kedo' \(did you mean 'keda'\?\)"):
        search_space("kedo", default_config())
    with pytest.raises(ConfigError, match="list_length"):
        applied(default_config(), {"agents.keda.list_length": -1})


def test_settings_become_the_mapping_of_a_file() -> None:
    assert nested({"a.b.c": 1, "a.d": 2}) == {"a": {"b": {"c": 1}, "d": 2}}
