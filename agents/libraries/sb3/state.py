"""From the arrays of a policy of stable-baselines3 to the network that its greedy actions come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.libraries.sb3.network import ACTIVATIONS, Network, Scaling
from autoscaling_env.errors import ModelError, unknown_name

#: Names of a policy's arrays, and the arrays.
State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind of policy keeps its network.

    Attributes:
        layers: prefixes of what is passed through, in order; each is a torch module of linear layers, or one itself.
        unused: prefixes of what only learning needs.
    """

    layers: tuple[str, ...]
    unused: tuple[str, ...]


_CRITICS = ("value_net.", "mlp_extractor.value_net.", "lstm_critic.", "critic.")
#: The array that tells a kind -> the kind. What an actor and a critic share comes first.
_KINDS = {
    "action_net.weight": _Kind(("mlp_extractor.policy_net", "action_net"), _CRITICS),
    "quantile_net.quantile_net.0.weight": _Kind(("quantile_net.quantile_net",), ("quantile_net_target.",)),
    "q_net.q_net.0.weight": _Kind(("q_net.q_net",), ("q_net_target.",)),
}
_LSTM = re.compile(r"lstm_actor\.(weight_ih|weight_hh|bias_ih|bias_hh)_l(\d+)")


def network_of(state: State, activation: str, actions: int, *, scaling: Scaling | None = None) -> Network:
    """Return the network of a policy's arrays.

    Args:
        state: the policy's ``state_dict``.
        activation: torch's name of what lies between layers.
        actions: of the environment it was trained in.
        scaling: of its observations.

    Raises:
        ModelError: it is of a kind that is not known, or has layers that are not known.
    """
    kind = next((kind for name, kind in _KINDS.items() if name in state), None)
    if kind is None:
        raise ModelError(f"no policy of PPO, A2C, DQN, QR-DQN or RecurrentPPO: its arrays are {_some(state)}")
    if activation not in ACTIVATIONS:
        raise ModelError(unknown_name("activation", activation, ACTIVATIONS))
    names = [name for prefix in kind.layers for name in _linear(state, prefix)]
    recurrent = sorted({int(match[2]) for name in state if (match := _LSTM.fullmatch(name))})
    used = {f"{name}.{part}" for name in names for part in ("weight", "bias")}
    left = [name for name in state if name not in used and not name.startswith(kind.unused) and not _LSTM.match(name)]
    if left:
        raise ModelError(f"has arrays of a network of its own, which only its own code can run: {_some(left)}")
    layers = tuple((_transposed(state[f"{name}.weight"]), _floats(state[f"{name}.bias"])) for name in names)
    outputs = len(layers[-1][1])
    if outputs % actions or (outputs != actions and "quantile_net.quantile_net.0.weight" not in state):
        raise ModelError(f"chooses among {outputs} actions, the configuration has {actions}; name the one it knows")
    lstm = tuple(_recurrent(state, layer) for layer in recurrent)
    return Network(activation, layers, lstm, outputs // actions, scaling)


def _linear(state: State, prefix: str) -> list[str]:
    """Return the linear layers of a module in their order: itself, or those that it numbers."""
    if f"{prefix}.weight" in state:
        return [prefix]
    numbered = re.compile(rf"{re.escape(prefix)}\.(\d+)\.weight")
    numbers = sorted(int(match[1]) for name in state if (match := numbered.fullmatch(name)))
    return [f"{prefix}.{number}" for number in numbers]


def _recurrent(state: State, layer: int) -> tuple[Any, Any, Any]:
    def part(name: str) -> NDArray[Any]:
        return state[f"lstm_actor.{name}_l{layer}"]

    biases = _floats(part("bias_ih")) + _floats(part("bias_hh"))
    return _transposed(part("weight_ih")), _transposed(part("weight_hh")), biases


def _transposed(weights: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(_floats(weights).T)


def _floats(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(array, dtype=np.float32)


def _some(names: Sequence[str] | State) -> str:
    shown = list(names)
    return ", ".join(shown[:3]) + (", …" if len(shown) > 3 else "")
