"""Configuration from its sources: what overrides what, and what plain YAML means."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from autoscaling_env.config import Config, default_config, load_config
from autoscaling_env.config.digest import config_digest, config_yaml


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "config.yml"
    file.write_text(text, encoding)
    return file


def test_defaults_are_the_reference_deployment() -> None:
    config = default_config()
    assert (config.farm.min_workers, config.farm.initial_workers, config.farm.max_workers) == (1, 12, 32)
    assert (config.environment.step_duration_s, config.environment.max_steps) == (8, 30)
    assert config.reward.weights.scale_up == 5.5


def test_the_startup_delay_has_the_measured_quantiles() -> None:
    from scipy.stats import gamma

    startup = default_config().farm.startup
    quantiles = startup.shift_s + gamma.ppf([0.05, 0.5, 0.95], startup.shape, scale=startup.scale_s)
    assert quantiles == pytest.approx([5.16, 5.95, 7.59], abs=0.005)


def test_file_over_defaults_assignments_over_file_options_over_all(tmp_path: Path) -> None:
    file = written(tmp_path, "farm: {max_workers: 20, initial_workers: 4}\nreward: {weights: {qos: 1}}\n")
    config = load_config(
        file,
        assignments=["farm.initial_workers=5", "farm.max_workers=21"],
        options={"farm.max_workers": ("--max-workers", 22)},
    )
    assert (config.farm.max_workers, config.farm.initial_workers) == (22, 5)
    assert (config.reward.weights.qos, config.reward.weights.backlog) == (1, 2.5)


def test_another_kind_replaces_the_mapping_whole(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "farm: {startup: {kind: constant, value_s: 3}}"))
    assert config.farm.startup.mean_s == 3


def test_one_item_of_a_list_can_be_assigned() -> None:
    phases = load_config(assignments=["workload.phases.1.rate=2.5"]).workload.phases
    assert [phase.rate for phase in phases] == [0.3, 2.5, 1.0, 1.0]


def test_yaml_1_2_numbers(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "reward: {weights: {qos: 1e-4, backlog: 1E2, scaling: 010}}"))
    weights = config.reward.weights
    assert (weights.qos, weights.backlog, weights.scaling) == (1e-4, 100, 10)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path, encoding: str, newline: str) -> None:
    file = tmp_path / "config.yml"
    file.write_bytes(newline.join(["farm:", "  max_workers: 17", ""]).encode(encoding))
    assert load_config(file).farm.max_workers == 17


def test_resolved_yaml_reads_back_to_the_same(tmp_path: Path) -> None:
    config = load_config(assignments=["farm.startup={kind: empirical, values_s: [1, 2.5]}", "reward.objective=cost"])
    again = load_config(written(tmp_path, config_yaml(config)))
    assert again == config
    assert config_digest(again) == config_digest(config) != config_digest(default_config())


def test_the_schema_is_valid_and_accepts_the_defaults() -> None:
    schema = Config.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(default_config().model_dump_json()), schema)
