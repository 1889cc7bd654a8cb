"""stable-baselines3's ``VecEnv`` over the native vector environment, beside the one that it makes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecMonitor, VecNormalize

from agents.libraries.sb3.vec_env import Sb3VecEnv, make_vec_env
from autoscaling_env import ENV_ID
from autoscaling_env.errors import InputError
from tests.agents.farms import small_config

ROLLED: dict[str, Any] = {"n_steps": 8, "policy_kwargs": {"net_arch": [8]}}
REPLAYED: dict[str, Any] = {"learning_starts": 8, "batch_size": 8, "policy_kwargs": {"net_arch": [8]}}
ALGORITHMS: dict[str, tuple[type[BaseAlgorithm], str, dict[str, Any]]] = {
    "PPO": (stable_baselines3.PPO, "MlpPolicy", {**ROLLED, "batch_size": 16}),
    "A2C": (stable_baselines3.A2C, "MlpPolicy", ROLLED),
    "DQN": (stable_baselines3.DQN, "MlpPolicy", REPLAYED),
    "QRDQN": (sb3_contrib.QRDQN, "MlpPolicy", REPLAYED),
    "RecurrentPPO": (sb3_contrib.RecurrentPPO, "MlpLstmPolicy", {**ROLLED, "batch_size": 16}),
}


def farms(count: int = 2, **kwargs: Any) -> Sb3VecEnv:
    return make_vec_env(n_envs=count, seed=3, config=small_config(), **kwargs)


def theirs(count: int = 2, config: Any = None) -> DummyVecEnv:
    made = DummyVecEnv([lambda: gymnasium.make(ENV_ID, config=config or small_config()).unwrapped] * count)
    made.seed(3)
    return made


def played(env: Any, steps: int = 20) -> list[Any]:
    rng, seen = np.random.default_rng(0), [env.reset()]
    for _ in range(steps):
        observation, rewards, dones, infos = env.step(rng.integers(0, 3, env.num_envs))
        seen.append((observation.copy(), rewards, dones, [dict(info) for info in infos]))
    return seen


@pytest.mark.parametrize("steps", [6, 3])  # an episode ends by itself, or is cut off
def test_it_says_what_stable_baselines3s_own_says(steps: int) -> None:
    config = small_config(f"environment.max_steps={steps}", "workload.base_rate_per_min=6")
    ours, own = played(make_vec_env(n_envs=2, seed=3, config=config)), played(theirs(config=config))
    np.testing.assert_array_equal(ours[0], own[0])
    ended = 0
    for (seen, rewards, dones, infos), (as_seen, as_rewarded, as_done, as_told) in zip(ours[1:], own[1:], strict=True):
        np.testing.assert_array_equal(seen, as_seen)
        np.testing.assert_allclose(rewards, as_rewarded, rtol=1e-6)
        assert rewards.dtype == as_rewarded.dtype
        np.testing.assert_array_equal(dones, as_done)
        for info, told in zip(infos, as_told, strict=True):
            np.testing.assert_array_equal(
                info.pop("terminal_observation", None), told.pop("terminal_observation", None)
            )
            assert info == told
        ended += int(dones.sum())
    assert ended >= 4


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_algorithm_learns_on_it(name: str) -> None:
    algorithm, policy, settings = ALGORITHMS[name]
    model = algorithm(policy, VecNormalize(VecMonitor(farms())), seed=0, device="cpu", **settings)
    before = [each.detach().clone() for each in model.policy.parameters()]
    model.learn(48)
    assert any((one != two).any() for one, two in zip(before, model.policy.parameters(), strict=True))
    assert len(model.ep_info_buffer or ()) >= 2
    assert all(0 < info["l"] <= 6 for info in model.ep_info_buffer or ())


def test_a_monitor_keeps_what_it_is_asked_for(tmp_path: Path) -> None:
    env = VecMonitor(farms(), str(tmp_path / "log"), info_keywords=("episode_final_qos",))
    told = [info["episode"] for *_, infos in played(env)[1:] for info in infos if "episode" in info]
    env.close()
    assert all({"r", "l", "t", "episode_final_qos"} == set(each) for each in told)
    assert len((tmp_path / "log.monitor.csv").read_text().splitlines()) == len(told) + 2


def test_a_policy_is_evaluated_on_it() -> None:
    model = stable_baselines3.PPO("MlpPolicy", farms(), n_steps=8, batch_size=16, device="cpu")
    returns, lengths = evaluate_policy(model, VecMonitor(farms()), 4, return_episode_rewards=True)
    assert len(returns) == len(lengths) == 4  # type: ignore[arg-type]


def test_a_seed_is_the_same_episodes_and_goes_on() -> None:
    one, two = farms(), farms()
    np.testing.assert_equal(played(one), played(two))
    later = played(one)
    two.seed(3)
    assert any((a[1] != b[1]).any() for a, b in zip(played(two)[1:], later[1:], strict=True))


def test_episodes_may_be_named() -> None:
    env = farms()
    env.set_options([{"episode_seed": 5}, {"episode_seed": 9}])
    env.reset()
    assert [info["episode_seed"] for info in env.reset_infos] == [5, 9]
    env.set_options([{"episode_seed": 5}, {}])
    with pytest.raises(InputError, match="name an episode_seed for every farm"):
        env.reset()


def test_all_farms_are_one_object() -> None:
    env = farms(3)
    assert env.get_attr("num_envs") == [3, 3, 3]
    assert env.get_attr("num_envs", indices=1) == [3]
    assert env.env_is_wrapped(Monitor) == [False, False, False]
    env.set_attr("mine", 7)
    assert env.get_attr("mine", [0, 2]) == [7, 7]
    assert env.env_method("close_extras") == [None, None, None]
    with pytest.raises(InputError, match="the 3 farms are one object"):
        env.set_attr("mine", 8, indices=[0])
    with pytest.raises(InputError, match="the 3 farms are one object"):
        env.env_method("close_extras", indices=0)
    env.close()


def test_another_way_to_start_over_is_refused() -> None:
    with pytest.raises(InputError, match="autoreset_mode 'NextStep': stable-baselines3 starts over within the step"):
        Sb3VecEnv(gymnasium.make_vec(ENV_ID, 2))
