"""Double DQN, top to bottom: act, remember, compute the target, descend the Huber loss, let the target follow.

van Hasselt, Guez & Silver 2016 (Double DQN); Lillicrap et al. 2016 (Polyak-averaged target); Kingma & Ba 2015 (Adam).

All weights lie in one flat tensor and the gradient is written out: for a network this small autograd's bookkeeping
costs several times the arithmetic (docs/agents.md). The tests hold it against autograd.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.checkpoint import Tensors
from agents.dqn_policy import (
    DqnPolicy,
    Normaliser,
    action_values,
    action_values_of,
    features,
    layer_sizes,
    layers,
    parameter_count,
)
from agents.exploration import EpsilonGreedy
from agents.learner import NotFinite
from agents.replay import Batch, Replay
from autoscaling_env.config import Config
from autoscaling_env.observation import FIELDS
from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray, Observation

#: Adam's constants, as in the paper.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8

#: Batches are drawn and normalised so many at once.
DRAWN_AT_ONCE = 64

#: (weights[in, out], biases[out]) of each layer.
Network = list[tuple[Tensor, Tensor]]
#: A batch of n transitions: normalised pairs float32[n, 2, 9], actions int64[n, 1], rewards and goes_on float32[n].
Drawn = tuple[Tensor, ...]


def initial_weights(sizes: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """Return float32[parameters]: each layer uniform on +-1/sqrt(fan-in), as torch's own Linear."""
    flat = np.empty(parameter_count(sizes), dtype=np.float32)
    for weights, biases in layers(flat, sizes):
        bound = 1 / math.sqrt(len(weights))
        weights[:] = rng.uniform(-bound, bound, weights.shape)
        biases[:] = rng.uniform(-bound, bound, biases.shape)
    return torch.from_numpy(flat)


def forward(network: Network, inputs: Tensor) -> list[Tensor]:
    """Return the activations of every layer: the inputs first, action values float32[n, actions] last."""
    activations = [inputs]
    for weights, biases in network[:-1]:
        activations.append(torch.addmm(biases, activations[-1], weights).relu_())
    weights, biases = network[-1]
    activations.append(torch.addmm(biases, activations[-1], weights))
    return activations


def backward(network: Network, activations: list[Tensor], slope: Tensor, gradient: Network) -> None:
    """Write the gradient of a loss whose slope at the action values is ``slope`` float32[n, actions]."""
    for index in range(len(network) - 1, -1, -1):
        torch.mm(activations[index].t(), slope, out=gradient[index][0])
        torch.sum(slope, 0, out=gradient[index][1])
        if index:
            slope = (slope @ network[index][0].t()).mul_(activations[index].sign())  # relu: 0 or positive


def double_dqn_target(online: Tensor, target: Tensor, rewards: Tensor, goes_on: Tensor, gamma: float) -> Tensor:
    """Return r + gamma * Q_target(s', argmax_a Q_online(s', a)), and r alone where the episode terminated.

    Args:
        online, target: float32[n, actions], both networks' values of what follows.
        rewards, goes_on: float32[n], the latter 0 where the episode terminated.
    """
    best = online.argmax(1, keepdim=True)
    return rewards + gamma * goes_on * target.gather(1, best).squeeze(1)


def huber(errors: Tensor) -> tuple[float, Tensor]:
    """Return the mean Huber loss (threshold 1) of ``errors`` float32[n], and its slope at each error."""
    clipped = errors.clamp(-1, 1)
    return float(clipped.dot(errors.sub(clipped, alpha=0.5))) / len(errors), clipped.div_(len(errors))


class Adam:
    """Adam on a flat tensor; torch's own spends twice as long on finding out what it was given."""

    def __init__(self, size: int, learning_rate: float) -> None:
        self._learning_rate = learning_rate
        self.steps = 0
        self.mean, self.square, self._root = torch.zeros(size), torch.zeros(size), torch.zeros(size)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Move ``parameters`` against ``gradient`` in place."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - BETA_1)
        self.square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        correction = math.sqrt(1 - BETA_2**self.steps)
        torch.sqrt(self.square, out=self._root).add_(EPSILON * correction)
        rate = self._learning_rate * correction / (1 - BETA_1**self.steps)
        parameters.addcdiv_(self.mean, self._root, value=-rate)


class DqnLearner:
    """Learns the network. See ``agents.learner.Learner``.

    Args:
        config: ``agents.dqn`` and the actions.
        seed: of the first weights, exploration and replay.
    """

    def __init__(self, config: Config, seed: int) -> None:
        self._config = config.agents.dqn
        self._deltas = config.environment.action_deltas
        self._rng = stream(seed, "agent")
        self._explore = EpsilonGreedy(self._config, self._rng)
        self._sizes = layer_sizes(self._config.hidden_layers, len(self._deltas))
        self._normaliser = Normaliser(len(FIELDS))
        self._replay = Replay(self._config.replay_capacity, len(FIELDS))
        self._updates = 0
        self._become(initial_weights(self._sizes, self._rng))
        self._features = np.zeros(len(FIELDS), dtype=np.float32)
        self._action = 0
        self._actions: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._seen: list[NDArray[np.float32]] = []
        self._added_before = 0

    @property
    def epsilon(self) -> float:
        """Probability of a random action."""
        return self._explore.epsilon

    def begin(self, observation: Observation) -> int:
        """Start an episode."""
        self._features = features(observation)
        self._seen, self._added_before = [self._features], self._replay.added
        self._action = self._choose()
        return self._action

    def step(self, reward: float, observation: Observation, terminated: bool, truncated: bool) -> int:
        """Remember what the last action brought; return the next."""
        if not math.isfinite(reward):
            raise NotFinite("reward", {"observation": observation, "reward": np.array([reward])})
        before, self._features = self._features, features(observation)
        self._seen.append(self._features)
        limit = self._config.reward_clip
        learned = max(-limit, min(limit, reward * self._config.reward_scale))
        self._replay.add(before, self._action, learned, self._features, terminated)
        self._action = self._choose()
        return self._action

    def end(self) -> float | None:
        """Make the updates of the episode's steps in one go, while caches are warm; return the mean Huber loss."""
        self._explore.decay()
        return self._learn()

    def begin_batch(self, observations: NDArray[np.float32]) -> list[int]:
        """Start episodes that share network and replay."""
        self._features = features(observations)
        self._seen, self._added_before = [self._features], self._replay.added
        return self._choose_all()

    def step_batch(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Remember what the last actions brought, row by row; return the next."""
        broken = np.flatnonzero(playing & ~np.isfinite(rewards))
        if len(broken):
            tensors = {"observation": observations[broken[0]], "reward": rewards[broken[:1]]}
            raise NotFinite("reward", tensors, int(broken[0]))
        before, self._features = self._features, features(observations)
        self._seen.append(self._features[playing])
        limit = self._config.reward_clip
        added = Batch(
            np.stack((before, self._features), axis=1),
            self._actions,
            np.clip(rewards * self._config.reward_scale, -limit, limit).astype(np.float32),
            (~terminated).astype(np.float32),
        )
        self._replay.add_all(added.part(playing))
        return self._choose_all()

    def end_batch(self) -> list[float | None]:
        """Make the updates of all the episodes' steps; their mean loss is that of each."""
        episodes = len(self._actions)
        for _ in range(episodes):
            self._explore.decay()
        return [self._learn()] * episodes

    def _learn(self) -> float | None:
        """Take in what was seen and make the updates it is due; return their mean loss."""
        self._normaliser.update(np.vstack(self._seen))
        with one_thread(), torch.no_grad():
            losses = [self._update(batch) for batch in self._batches(self._updates_due())]
        return sum(losses) / len(losses) if losses else None

    def policy(self) -> DqnPolicy:
        """Return the greedy policy of a copy of the target network.

        It is the running average of the online network, which leaps with every batch, and plays better and
        far more steadily (Izmailov et al. 2018; measured in docs/agents.md).
        """
        normaliser = Normaliser(len(FIELDS))
        normaliser.restore(self._normaliser.saved())
        return DqnPolicy(self._target.numpy().copy(), self._sizes, normaliser, self._deltas)

    def saved(self) -> tuple[Tensors, dict[str, Any]]:
        """Return both networks, Adam's moments, the replay, the normaliser, counters and the random state."""
        tensors: Tensors = {
            "sizes": np.array(self._sizes, dtype=np.int64),
            "online": self._online.numpy(),
            "target": self._target.numpy(),
            "adam.mean": self._adam.mean.numpy(),
            "adam.square": self._adam.square.numpy(),
        }
        state = {
            "epsilon": self._explore.epsilon,
            "rng": self._rng.bit_generator.state,
            "updates": self._updates,
        }
        return tensors | self._replay.saved() | self._normaliser.saved(), state

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``saved`` these."""
        self._become(torch.from_numpy(tensors["online"].copy()))
        self._target.copy_(torch.from_numpy(tensors["target"].copy()))
        self._adam.mean.copy_(torch.from_numpy(tensors["adam.mean"].copy()))
        self._adam.square.copy_(torch.from_numpy(tensors["adam.square"].copy()))
        self._updates = self._adam.steps = state["updates"]
        self._replay.restore(tensors)
        self._normaliser.restore(tensors)
        self._explore.epsilon = state["epsilon"]
        self._rng.bit_generator.state = state["rng"]

    def _become(self, online: Tensor) -> None:
        """Take ``online`` for the weights, and make everything that has its shape."""
        self._online, self._target, self._gradient = online, online.clone(), torch.zeros_like(online)
        self._adam = Adam(len(online), self._config.learning_rate)
        self._online_layers = layers(self._online, self._sizes)
        self._target_layers = layers(self._target, self._sizes)
        self._gradient_layers = layers(self._gradient, self._sizes)
        self._acting = layers(self._online.numpy(), self._sizes)  # the same memory: acting needs no torch

    def _choose(self) -> int:
        return self._explore.choose(self._values, len(self._deltas))

    def _choose_all(self) -> list[int]:
        values: list[list[float]] = action_values_of(self._acting, self._normaliser(self._features)).tolist()
        actions = [self._explore.choose(row.copy, len(self._deltas)) for row in values]
        self._actions = np.array(actions)
        return actions

    def _values(self) -> list[float]:
        values: list[float] = action_values(self._acting, self._normaliser(self._features)).tolist()
        return values

    def _updates_due(self) -> int:
        """One for every ``train_every``-th of the new transitions, once ``learning_starts`` are there."""
        added, every = self._replay.added, self._config.train_every
        before = max(self._added_before, self._config.learning_starts - 1)
        return max(0, added // every - before // every)

    def _batches(self, count: int) -> Iterator[Drawn]:
        """Draw ``count`` batches, many at once."""
        size = self._config.batch_size
        for first in range(0, count, DRAWN_AT_ONCE):
            batches = min(DRAWN_AT_ONCE, count - first)
            drawn = self._replay.sample(batches * size, self._rng)
            arrays = (self._normaliser(drawn.pairs), drawn.actions[:, None], drawn.rewards, drawn.goes_on)
            yield from zip(*(torch.from_numpy(array).chunk(batches) for array in arrays), strict=True)

    def _update(self, batch: Drawn) -> float:
        """One step of gradient descent; return the loss before it."""
        pairs, actions, rewards, goes_on = batch
        layered = forward(self._online_layers, pairs.view(-1, len(FIELDS)))
        both = [layer.view(len(actions), 2, -1) for layer in layered]  # before and after in one pass
        activations = [layer[:, 0] for layer in both]
        target = double_dqn_target(
            both[-1][:, 1],
            forward(self._target_layers, pairs[:, 1])[-1],
            rewards,
            goes_on,
            self._config.gamma,
        )
        loss, slope = huber(activations[-1].gather(1, actions).squeeze(1) - target)
        if not math.isfinite(loss):
            names = ("pairs", "actions", "rewards", "goes_on")
            raise NotFinite("loss", {name: each.numpy() for name, each in zip(names, batch, strict=True)})
        slopes = torch.zeros(activations[-1].shape).scatter_(1, actions, slope.unsqueeze(1))
        backward(self._online_layers, activations, slopes, self._gradient_layers)
        self._descend()
        return loss

    def _descend(self) -> None:
        norm = math.sqrt(float(self._gradient.dot(self._gradient)))
        if norm > self._config.gradient_clip:
            self._gradient.mul_(self._config.gradient_clip / norm)
        self._adam.step(self._online, self._gradient)
        self._updates += 1
        if self._updates % self._config.target_update == 0:
            self._target.lerp_(self._online, self._config.target_tau)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch on one core: handing such small products to several costs more than it saves."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
