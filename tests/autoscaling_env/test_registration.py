"""The ids of Gymnasium: one for each scenario, each of them an environment that Gymnasium finds nothing wrong with."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from autoscaling_env import ENV_ID
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.registration import NAMESPACE, SCENARIOS, scenario_id
from simulator.vector_env import AutoscalingVectorEnv
from workloads import scenarios

IDS = [ENV_ID, *(scenario_id(name) for name in SCENARIOS if name in scenarios.scenario_names())]
SPREAD = {"farm.startup": {"kind": "uniform", "low": 0.5, "high": 2.0, "relative": True}}
FLASH_CROWD = "autoscaling/FlashCrowd-v0"


def test_every_scenario_has_an_id_and_every_id_a_scenario() -> None:
    assert set(SCENARIOS) == {*scenarios.scenario_names(), *scenarios.scenarios_away()}
    registered = {name for name in gymnasium.registry if name.startswith(f"{NAMESPACE}/")}
    assert registered == {scenario_id(name) for name in SCENARIOS}
    listed = gymnasium.pprint_registry(disable_print=True)
    assert listed is not None
    assert FLASH_CROWD in listed


@pytest.mark.parametrize("env_id", IDS)
def test_gymnasium_s_checker_has_nothing_to_say(env_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    env = gymnasium.make(env_id, max_steps=4)
    check_env(env.unwrapped)
    assert env.spec is not None
    assert env.spec.max_episode_steps is None


@pytest.mark.parametrize("env_id", IDS)
def test_stable_baselines3_s_checker_has_nothing_to_say(env_id: str) -> None:
    checker = pytest.importorskip("stable_baselines3.common.env_checker")
    checker.check_env(gymnasium.make(env_id, max_steps=4), warn=True, skip_render_check=False)


@pytest.mark.parametrize("name", ["flash_crowd", "slow_start"])
def test_an_id_is_its_scenario(name: str) -> None:
    env: Any = gymnasium.make(scenario_id(name)).unwrapped
    assert type(env) is OpenFaaSAutoscalingEnv
    assert env.config == scenarios.load_scenario(name)
    many: Any = gymnasium.make_vec(scenario_id(name), num_envs=3)
    assert type(many) is AutoscalingVectorEnv
    assert many.config == env.config
    assert many.reset(seed=4)[0][0].tolist() == env.reset(seed=4)[0].tolist()


def test_training_episodes_of_a_scenario_with_a_past_are_its_past() -> None:
    env: Any = gymnasium.make("autoscaling/Week-v0", history=True).unwrapped
    assert env.config == scenarios.load_history("week") != scenarios.load_scenario("week")


def test_a_scenario_may_be_a_file(tmp_path: Any) -> None:
    file = tmp_path / "mine.yml"
    file.write_text(scenarios.scenario_path("ramp").read_text())
    env: Any = gymnasium.make(ENV_ID, scenario=str(file)).unwrapped
    assert env.config == scenarios.load_scenario("ramp")


@pytest.mark.parametrize("env_id", [ENV_ID, FLASH_CROWD])
def test_its_specification_makes_the_same_environment_again(env_id: str) -> None:
    env = gymnasium.make(env_id, action="target", levels=9, randomize=SPREAD, max_workers=20)
    assert env.spec is not None
    again = [gymnasium.make(env.spec), gymnasium.make(EnvSpec.from_json(env.spec.to_json()))]
    first = env.reset(seed=3)
    for other in again:
        assert str(other.reset(seed=3)) == str(first)
        assert str(other.step(np.int64(4))) == str(env.step(4))
        env.reset(seed=3)


def test_the_vector_environment_s_specification_does_so_too() -> None:
    many = gymnasium.make_vec(FLASH_CROWD, num_envs=2, action="target", randomize=SPREAD)
    assert many.spec is not None
    other = gymnasium.make_vec(many.spec)
    assert str(other.reset(seed=2)) == str(many.reset(seed=2))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])  # noqa: S301 - our own
@pytest.mark.parametrize("env_id", [FLASH_CROWD, "autoscaling/Trace-v0"])
def test_a_copy_goes_on_alike(env_id: str, copied: Any) -> None:
    draws = {"workload.service_scale" if "Trace" in env_id else "workload.service": {**SPREAD["farm.startup"]}}
    env = gymnasium.make(env_id, randomize={**SPREAD, **draws}, levels=3)
    env.reset(seed=1)
    env.step(2)
    other = copied(env)
    assert str(other.step(1)) == str(env.step(1))
    assert str(other.reset()) == str(env.reset())


@pytest.mark.parametrize("make", [gymnasium.make, gymnasium.make_vec])
def test_an_argument_there_is_not_is_one_line_with_the_nearest(make: Any) -> None:
    with pytest.raises(InputError, match=r"^unknown argument 'randomise' \(did you mean 'randomize'\?\); choose from"):
        make(FLASH_CROWD, randomise=SPREAD)
    with pytest.raises(InputError, match=r"^unknown argument 'level' \(did you mean 'levels'\?\)"):
        make(FLASH_CROWD, level=3)
    with pytest.raises(InputError, match=r"^unknown scenario 'flash_crowds' \(did you mean 'flash_crowd'\?\)"):
        make(ENV_ID, scenario="flash_crowds")
    with pytest.raises(InputError, match=r"^config and scenario 'flash_crowd' both say what is played; choose one"):
        make(FLASH_CROWD, config=scenarios.load_scenario("ramp"))
    with pytest.raises(InputError, match=r"^history: is a scenario's; name one"):
        make(ENV_ID, history=True)
