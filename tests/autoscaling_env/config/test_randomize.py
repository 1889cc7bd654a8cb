"""What may be drawn anew for every episode, and one line for each thing that may not."""

from __future__ import annotations

from typing import Any

import pytest

from autoscaling_env.config import Config, default_config, load_config
from autoscaling_env.config.digest import config_digest, config_yaml
from autoscaling_env.config.workload import Spread
from autoscaling_env.errors import ConfigError
from autoscaling_env.settings import with_overrides

FACTOR = "{kind: log_uniform, low: 0.5, high: 2, relative: true}"


def of(*assignments: str) -> Config:
    return load_config(assignments=[f"randomize.{each}" for each in assignments])


def test_keys_with_dots_and_sections_within_sections_are_the_same() -> None:
    dotted = load_config(assignments=[f"randomize={{farm.startup: {FACTOR}, workload.service: {FACTOR}}}"])
    assert of(f"farm.startup={FACTOR}", f"workload.service={FACTOR}") == dotted
    assert list(dotted.randomize.draws) == ["farm.startup", "workload.service"]
    knob = {"farm.startup": {"kind": "log_uniform", "low": 0.5, "high": 2, "relative": True}}
    assert with_overrides(default_config(), {"randomize": knob}) == of(f"farm.startup={FACTOR}")


def test_it_is_read_back_and_has_a_hash(tmp_path: Any) -> None:
    config = of(f"farm.startup={FACTOR}", "workload.phases.0.rate={kind: choice, values: [0.1, 0.4]}")
    file = tmp_path / "all.yml"
    file.write_text(config_yaml(config))
    assert load_config(file) == config
    assert hash(config) == hash(load_config(file))
    assert config_digest(config) != config_digest(default_config())
    assert load_config(file, assignments=["randomize=null"]) == default_config()


def test_a_configuration_that_draws_nothing_is_the_one_from_before() -> None:
    assert default_config().randomize.draws == {}
    assert "randomize" not in str(config_digest(default_config()))
    assert config_digest(default_config()) == "56b47c490a493562a6b938c11399e00c41f2f2ddd0f12c76869fe5ea3190d42b"


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("farm.startp={kind: uniform, low: 1, high: 2}", r"no such setting \(did you mean 'farm.startup'\?\)"),
        ("workload.phases.9.rate={kind: uniform, low: 1, high: 2}", r"did you mean 'workload.phases.3.rate'\?"),
        ("farm.max_workers={kind: uniform, low: 1, high: 2}", r"cannot be drawn anew.*can be: numbers and times of w"),
        ("environment.max_steps={kind: uniform, low: 1, high: 2}", r"cannot be drawn anew for an episode; can be:"),
        ("farm.startup={kind: uniform, low: 1, high: 2}", r"is a section, .* say relative: true, or name one of its"),
        ("farm.startup={kind: uniform, low: 0, high: 2, relative: true}", r"stretched by factors above 0"),
        ("workload.name={kind: uniform, low: 1, high: 2}", r"workload.name: is no number"),
        ("workload.arrivals={kind: uniform, low: 1, high: 2}", r"workload.arrivals: has no value; set it"),
        ("farm.initial_workers={kind: uniform, low: 1.5, high: 2}", r"is a whole number; so must be"),
        ("farm.initial_workers={kind: uniform, low: 1, high: 99}", r"99 may be drawn: farm: initial_workers 99 must"),
        ("workload.base_rate_per_min={kind: choice, values: [0, 2]}", r"base_rate_per_min 0 may be drawn: .*greater"),
        ("workload.service.min_s={kind: uniform, low: 1, high: 9}", r"min_s 9 may be drawn: .*must not exceed max_s"),
        ("farm.startup={kind: unform, low: 1, high: 2}", r"kind must be one of .* \(did you mean 'uniform'\?\)"),
        ("farm.startup={kind: uniform, low: 3, high: 2}", r"low 3 must not exceed high 2"),
        ("farm.startup={kind: uniform, low: 1, hihg: 2}", r"unknown key \(did you mean 'high'\?\); allowed: high"),
        ("farm.startup={kind: choice, values: []}", r"values: \[\]: must have at least 1 item"),
        ("farm.startup=[1, 2]", r"randomize.farm.startup: \[1, 2\]: must be a mapping"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(assignment: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        of(assignment)
    assert all("\n" not in problem for problem in caught.value.problems)


def test_a_setting_is_not_drawn_twice() -> None:
    with pytest.raises(ConfigError, match=r"farm\.startup\.shift_s: farm\.startup is drawn as a whole"):
        load_config(assignments=[f"randomize={{farm.startup: {FACTOR}, farm.startup.shift_s: {FACTOR}}}"])
    with pytest.raises(ConfigError, match=r"farm\.startup is said twice"):
        load_config(assignments=[f"randomize={{farm.startup: {FACTOR}, farm: {{startup: {FACTOR}}}}}"])


def test_combinations_that_are_tried_are_limited() -> None:
    names = [f"workload.phases.0.spread.{name}" for name in Spread.model_fields]
    with pytest.raises(ConfigError, match="13 settings are drawn; at most 12 of one section can be"):
        of(*(f"{name}={{kind: uniform, low: 0, high: 1}}" for name in names))


def test_rules_over_several_settings_are_held_in_all_combinations() -> None:
    lower, upper = "{kind: uniform, low: 0.1, high: 2}", "{kind: uniform, low: 1.5, high: 3}"
    with pytest.raises(ConfigError, match=r"max_s 1.5, workload.service.min_s 2 may be drawn"):
        of(f"workload.service.min_s={lower}", f"workload.service.max_s={upper}")
