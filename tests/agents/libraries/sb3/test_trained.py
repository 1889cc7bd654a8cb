"""What stable-baselines3 trained decides the same as a model file, which runs without torch."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sb3_contrib
import stable_baselines3
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecNormalize

from agents.checkpoint import read_checkpoint
from agents.learned import export_policy, load_policy
from agents.libraries.sb3.network import ACTIVATIONS
from agents.libraries.sb3.trained import read_zip, save_policy, write_policy
from agents.libraries.sb3.vec_env import make_vec_env
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, ModelError
from tests.agents.farms import small_config
from tests.agents.libraries.sb3.test_vec_env import ALGORITHMS, farms

KINDS = {**ALGORITHMS, "TRPO": (sb3_contrib.TRPO, "MlpPolicy", {"n_steps": 8, "batch_size": 16})}
INFO = {"action_deltas": (-1, 0, 1), "min_workers": 1, "max_workers": 5}


def trained(name: str, *, normalise: bool = False, config: Any = None, **more: Any) -> BaseAlgorithm:
    algorithm, policy, settings = KINDS[name]
    env: Any = make_vec_env(n_envs=2, config=config) if config else farms()
    env = VecNormalize(env) if normalise else env
    model = algorithm(policy, env, seed=1, device="cpu", **{**settings, **more})
    model.learn(32)
    draws = torch.Generator().manual_seed(0)
    for each in model.policy.parameters():  # after so little it would do the same everywhere
        each.data += 0.5 * torch.randn(each.shape, generator=draws)
    return model


def observations(count: int = 500) -> np.ndarray:
    """Of a farm as it may be, float32[count, 9]."""
    rng = np.random.default_rng(0)
    return (rng.uniform(0, 1, (count, 9)) * [3, 60, 9, 200, 5, 9, 20, 8, 1]).astype(np.float32)


def decided(model: BaseAlgorithm, seen: np.ndarray) -> list[int]:
    """What their policy does, one observation after the other, as one episode."""
    state: Any = None
    begins, found = np.array([True]), []
    for observation in seen:
        as_given: Any = observation[None]
        if (normalise := model.get_vec_normalize_env()) is not None:
            as_given = normalise.normalize_obs(as_given)
        action, state = model.predict(as_given, state=state, episode_start=begins, deterministic=True)
        begins = np.array([False])
        found.append(int(action[0]))
    return found


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("normalise", [False, True])
def test_it_decides_as_their_policy_does(name: str, normalise: bool, tmp_path: Path) -> None:
    model, seen = trained(name, normalise=normalise), observations()
    save_policy(model, tmp_path / "model.safetensors")
    policy, wanted = load_policy(tmp_path / "model.safetensors"), decided(model, seen)
    assert len(set(wanted)) > 1
    alone = [policy.decide(observation, INFO | {"requested_workers": 3}) - 2 for observation in seen]
    assert alone == wanted
    policy.reset()
    rows = np.stack([seen, seen], axis=1)
    infos: Any = {name: [value, value] for name, value in INFO.items()}
    both = [policy.act_batch(row, infos | {"step": np.array([step, step])}) for step, row in enumerate(rows)]
    assert both == [[each, each] for each in wanted]


@pytest.mark.parametrize("name", KINDS)
def test_their_zip_is_read_to_the_same_file(name: str, tmp_path: Path) -> None:
    model = trained(name)
    model.save(tmp_path / "model.zip")
    save_policy(model, tmp_path / "at_hand.safetensors")
    header = write_policy(read_zip(tmp_path / "model.zip"), small_config(), tmp_path / "read.safetensors")
    assert header.agent == f"sb3-{name.lower()}"
    assert header.state["trained"]["timesteps"] == model.num_timesteps
    assert (tmp_path / "read.safetensors").read_bytes() == (tmp_path / "at_hand.safetensors").read_bytes()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_other_activations_are_theirs(activation: str, tmp_path: Path) -> None:
    kwargs = {"activation_fn": getattr(torch.nn, activation), "net_arch": [16, 8]}
    model = trained("PPO", policy_kwargs=kwargs)
    model.save(tmp_path / "model.zip")
    write_policy(read_zip(tmp_path / "model.zip"), small_config(), tmp_path / "model.safetensors")
    policy, seen = load_policy(tmp_path / "model.safetensors"), observations(100)
    assert read_checkpoint(tmp_path / "model.safetensors").header.state["network"]["activation"] == activation
    assert [policy.decide(each, INFO | {"requested_workers": 3}) - 2 for each in seen] == decided(model, seen)


def test_nothing_in_a_zip_is_run(tmp_path: Path) -> None:
    """Every pickle in it would make a file; so would a policy that holds more than arrays."""
    bomb = b"cos\nsystem\n(S'touch " + str(tmp_path / "ran").encode() + b"'\ntR."
    trained("PPO").save(tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    data = json.loads(members["data"])
    for value in data.values():
        if isinstance(value, dict) and ":serialized:" in value:
            value[":serialized:"] = base64.b64encode(bomb).decode()
    members |= {"data": json.dumps(data).encode(), "pytorch_variables.pth": bomb, "policy.optimizer.pth": bomb}
    assert read_zip(zipped(tmp_path / "bombs.zip", members)).algorithm == "ppo"
    with pytest.raises(ModelError, match="its policy holds more than arrays, which would have to be run"):
        read_zip(zipped(tmp_path / "bomb.zip", members | {"policy.pth": bomb}))
    assert not (tmp_path / "ran").exists()


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


class OwnExtractor(FlattenExtractor):
    """Somebody's own; what it does is in its code alone."""


def test_what_only_its_own_code_can_run_is_refused(tmp_path: Path) -> None:
    model = trained("PPO", policy_kwargs={"features_extractor_class": OwnExtractor})
    model.save(tmp_path / "model.zip")
    for write in (
        lambda: save_policy(model, tmp_path / "x.safetensors"),
        lambda: write_policy(read_zip(tmp_path / "model.zip"), small_config(), tmp_path / "x.safetensors"),
    ):
        with pytest.raises(ModelError, match=r"features extractor .*OwnExtractor: a class of its own"):
            write()
    with pytest.raises(ModelError, match="activation 'Softplus'"):
        save_policy(trained("A2C", policy_kwargs={"activation_fn": torch.nn.Softplus}), tmp_path / "x.safetensors")
    assert not (tmp_path / "x.safetensors").exists()


def test_a_model_that_does_not_fit_says_so(tmp_path: Path) -> None:
    model = trained("DQN")
    with pytest.raises(ModelError, match="chooses among 3 actions, the configuration has 5; name the one it knows"):
        save_policy(model, tmp_path / "x.safetensors", small_config("environment.action=target"))
    alone = stable_baselines3.A2C("MlpPolicy", "CartPole-v1", device="cpu")
    with pytest.raises(InputError, match="the model has no environment that tells its own"):
        save_policy(alone, tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="sees 4 numbers, the environment has 9"):
        save_policy(alone, tmp_path / "x.safetensors", small_config("environment.action_deltas=[0, 1]"))


def test_where_something_else_is_seen_it_goes_by_the_standard_observation(tmp_path: Path) -> None:
    save_policy(trained("A2C"), tmp_path / "model.safetensors")
    policy = load_policy(tmp_path / "model.safetensors")
    (usual, info), (other, told) = (
        OpenFaaSAutoscalingEnv(config=small_config(*changes)).reset(seed=3)
        for changes in ((), ("environment.observation=[worker_queue]",))
    )
    assert policy.decide(other, told) == policy.decide(usual, info)
    with pytest.raises(ModelError, match="an observation of 1 numbers: the model was trained on 9"):
        policy.decide(other, info)


OWN = "environment.observation=[worker_queue, {field: arrival_rate, history: 3}, workers_starting]"


@pytest.mark.parametrize("normalise", [False, True])
def test_what_the_user_listed_is_seen_and_asked_for(tmp_path: Path, *, normalise: bool) -> None:
    model = trained("PPO", normalise=normalise, config=small_config(OWN))
    save_policy(model, tmp_path / "model.safetensors")
    export_policy(tmp_path / "model.safetensors", tmp_path / "exported.safetensors")
    policy, env = load_policy(tmp_path / "exported.safetensors"), OpenFaaSAutoscalingEnv(config=small_config(OWN))
    observation, info = env.reset(seed=3)
    seen, counts = [], []
    for _ in range(8):
        seen.append(observation)
        counts.append(policy.decide(observation, info) - info["requested_workers"])
        observation, *_, info = env.step(1)
    assert [count + 1 for count in counts] == decided(model, np.array(seen))
    other = "environment.observation=[worker_queue, {field: arrival_rate, history: 4}]"
    for changes in ((), (other,)):
        with pytest.raises(
            ModelError, match=r"trained to see worker_queue, arrival_rate\[-2\].*; the environment shows"
        ):
            policy.decide(*OpenFaaSAutoscalingEnv(config=small_config(*changes)).reset(seed=3))


def test_nine_numbers_of_another_kind_are_not_the_standard_observation(tmp_path: Path) -> None:
    save_policy(trained("A2C"), tmp_path / "model.safetensors")
    policy = load_policy(tmp_path / "model.safetensors")
    nine = "environment.observation=[{field: arrival_rate, history: 9}]"
    (usual, info), (other, told) = (
        OpenFaaSAutoscalingEnv(config=small_config(*changes)).reset(seed=3) for changes in ((), (nine,))
    )
    assert other.shape == usual.shape
    assert policy.decide(other, told) == policy.decide(usual, info)


def test_targets_are_targets(tmp_path: Path) -> None:
    model = trained("PPO", config=small_config("environment.action=target"))
    header = save_policy(model, tmp_path / "model.safetensors")
    assert (header.action_deltas, header.min_workers, header.max_workers) == ([], 1, 5)
    policy, seen = load_policy(tmp_path / "model.safetensors"), observations(50)
    info = {"action_deltas": (), "min_workers": 1, "max_workers": 5, "requested_workers": 3}
    assert [policy.decide(each, info) - 1 for each in seen] == decided(model, seen)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no zip", "not a model that stable-baselines3 saved"), (None, "cannot be read")],
)
def test_another_file_is_refused(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "model.zip").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        read_zip(tmp_path / "model.zip")


def test_a_model_file_runs_without_torch_and_without_stable_baselines3(tmp_path: Path) -> None:
    save_policy(trained("RecurrentPPO"), tmp_path / "model.safetensors")
    script = (
        "import sys; sys.modules['torch'] = sys.modules['stable_baselines3'] = None\n"
        "import numpy as np\n"
        "from agents.learned import export_policy, load_policy\n"
        f"policy = load_policy({str(tmp_path / 'model.safetensors')!r})\n"
        f"print(policy.decide(np.ones(9, np.float32), {INFO | {'requested_workers': 3}!r}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(done.stdout) in {2, 3, 4}
