"""What stable-baselines3 trained, as a file of ours: from a model at hand, or from its zip, unpickling nothing."""

from __future__ import annotations

import io
import json
import pickle
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from agents.checkpoint import Checkpoint, Header, write_checkpoint
from agents.libraries.sb3.network import Network, Scaling
from agents.libraries.sb3.policy import ALGORITHMS, PREFIX
from agents.libraries.sb3.state import State, network_of
from agents.networks.view import encoded
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.config.digest import config_digest
from autoscaling_env.errors import InputError, ModelError, unknown_name
from autoscaling_env.observation import Layout

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

#: Whose policies are known: what another module's forward pass does cannot be told from its arrays.
LIBRARIES = ("stable_baselines3.", "sb3_contrib.")
#: A member of the zip larger than this is no policy for some numbers.
MAX_BYTES = 1_000_000_000
_CLASS = re.compile(r"<class '(?P<module>[\w.]+)\.(?P<name>\w+)'>")


@dataclass(frozen=True, slots=True)
class Trained:
    """A policy of stable-baselines3, as far as it is data.

    Attributes:
        algorithm: its name in lower case, such as ``ppo``.
        state: the policy's arrays.
        activation: torch's name of what lies between layers.
        policy_class, extractor_class: of the policy and what it makes of observations, with their modules.
        facts: timesteps, episodes and seed of the training, and the library's version.
        scaling: of observations; None: as they come.
    """

    algorithm: str
    state: State
    activation: str
    policy_class: str
    extractor_class: str
    facts: dict[str, Any]
    scaling: Scaling | None = None

    def network(self, config: Config) -> Network:
        """Return what it acts by where ``config`` says what actions and observations are.

        Raises:
            ModelError: it runs code of its own, or does not fit the configuration.
        """
        for what, name in (("policy", self.policy_class), ("features extractor", self.extractor_class)):
            if not name.startswith(LIBRARIES):
                raise ModelError(f"{what} {name}: a class of its own, which only its own code can run")
        network = network_of(self.state, self.activation, Actions.of(config).count, scaling=self.scaling)
        fields = len(Layout.of(config).names)
        if network.inputs != fields:
            raise ModelError(f"sees {network.inputs} numbers, the environment has {fields}")
        return network


def write_policy(trained: Trained, config: Config, target: Path) -> Header:
    """Write a model file that runs without torch; return what it says about itself.

    Raises:
        ModelError: see ``Trained.network``.
    """
    if trained.algorithm not in ALGORITHMS:
        raise ModelError(unknown_name("algorithm", trained.algorithm, ALGORITHMS))
    network, actions, facts = trained.network(config), Actions.of(config), trained.facts
    header = Header(
        agent=PREFIX + trained.algorithm,
        episode=facts["episodes"],
        planned_episodes=facts["episodes"],
        seed=facts["seed"] or 0,
        config_sha256=config_digest(config),
        action_deltas=list(actions.deltas),
        min_workers=actions.min_workers,
        max_workers=actions.max_workers,
        state={"network": network.facts(), "trained": facts, "policy_only": True},
    )
    write_checkpoint(target, Checkpoint(header, network.tensors() | encoded(Layout.of(config).own_names)))
    return header


def save_policy(model: BaseAlgorithm, target: Path | str, config: Config | None = None) -> Header:
    """Write the policy of a model at hand, with the statistics of its ``VecNormalize`` if it learned through one.

    Args:
        model: of PPO, A2C, DQN, QR-DQN or RecurrentPPO.
        target: a model file, ``*.safetensors``.
        config: of the environment it was trained in; asked of that environment if left out.

    Raises:
        ModelError: see ``Trained.network``.
        InputError: no configuration is given, and its environment has none.
    """
    return write_policy(_at_hand(model), config or _config_of(model), Path(target))


def _at_hand(model: BaseAlgorithm) -> Trained:
    policy, normalise = model.policy, model.get_vec_normalize_env()
    scaling = None
    if normalise is not None and normalise.norm_obs:
        seen: Any = normalise.obs_rms
        scaling = Scaling(seen.mean.copy(), seen.var.copy(), float(normalise.clip_obs), float(normalise.epsilon))
    extractor: Any = policy.features_extractor_class
    return Trained(
        algorithm=type(model).__name__.lower(),
        state={name: array.detach().cpu().numpy() for name, array in policy.state_dict().items()},
        activation=getattr(policy, "activation_fn").__name__,  # noqa: B009 - each kind of policy declares its own
        policy_class=_named(type(policy)),
        extractor_class=_named(extractor),
        facts=_facts(vars(model), _version()),
        scaling=scaling,
    )


def read_zip(source: Path) -> Trained:
    """Return the policy in a zip that stable-baselines3 saved, reading arrays and JSON alone: no pickle is run.

    The zip does not say whether observations went through ``VecNormalize``: ``save_policy`` knows.

    Raises:
        ModelError: it cannot be read, is no such zip, or cannot be read without running what is in it.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            data = json.loads(_member(archive, "data"))
            arrays = torch.load(io.BytesIO(_member(archive, "policy.pth")), map_location="cpu", weights_only=True)
            version = _member(archive, "_stable_baselines3_version").decode().strip()
        state = {name: np.asarray(array) for name, array in arrays.items()}
    except OSError as error:
        raise ModelError(f"{source}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, KeyError, ValueError, AttributeError, RuntimeError) as error:
        raise ModelError(f"{source}: not a model that stable-baselines3 saved, or damaged: {error}") from None
    except pickle.UnpicklingError:
        raise ModelError(f"{source}: its policy holds more than arrays, which would have to be run") from None
    settings = data.get("policy_kwargs") or {}
    by_values = "action_net.weight" not in state
    return Trained(
        algorithm=_algorithm(state, data),
        state=state,
        activation=_class(settings, "activation_fn", "torch.nn." + ("ReLU" if by_values else "Tanh")).rpartition(".")[
            2
        ],
        policy_class=f"{data.get('policy_class', {}).get('__module__', '?')}.policy",
        extractor_class=_class(settings, "features_extractor_class", "stable_baselines3.FlattenExtractor"),
        facts=_facts(data, version),
    )


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise ValueError(f"{name} is larger than any policy")
    return archive.read(name)


def _class(settings: dict[str, Any], key: str, default: str) -> str:
    """Return a class of ``policy_kwargs`` by its name: beside each pickle the zip says in words what it is of."""
    said = settings.get(key)
    if said is None:
        return default
    match = _CLASS.fullmatch(str(said))
    return str(said) if match is None else f"{match['module']}.{match['name']}"


def _algorithm(state: State, data: dict[str, Any]) -> str:
    """Return which algorithm it was: the zip does not say, but the policy's arrays and the settings do."""
    if "quantile_net.quantile_net.0.weight" in state:
        return "qrdqn"
    if "q_net.q_net.0.weight" in state:
        return "dqn"
    if any(name.startswith("lstm_actor.") for name in state):
        return "recurrentppo"
    return "ppo" if "clip_range" in data else "trpo" if "cg_max_steps" in data else "a2c"


def _facts(data: dict[str, Any], version: str) -> dict[str, Any]:
    return {
        "timesteps": int(data.get("num_timesteps") or 0),
        "episodes": int(data.get("_episode_num") or 0),
        "seed": data.get("seed"),
        "stable_baselines3": version,
    }


def _config_of(model: BaseAlgorithm) -> Config:
    env = model.get_env()
    try:
        found = None if env is None else env.get_attr("config")[0]
    except AttributeError:
        found = None
    if not isinstance(found, Config):
        raise InputError("config: must be given: the model has no environment that tells its own")
    return found


def _named(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def _version() -> str:
    from stable_baselines3 import __version__

    return __version__
