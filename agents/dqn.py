"""Double DQN, top to bottom: act, remember, compute the target, descend the Huber loss, let the target follow.

van Hasselt, Guez & Silver 2016 (Double DQN); Lillicrap et al. 2016 (Polyak-averaged target); Kingma & Ba 2015 (Adam).

All weights lie in one flat tensor and the gradient is written out: for a network this small autograd's bookkeeping
costs several times the arithmetic (docs/agents.md). The tests hold it against autograd.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
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

Floats = NDArray[np.float32]
#: Of each layer the weights and, as their last row, the biases: float32[in + 1, out], views into one flat tensor.
Network = list[Tensor]


def initial_weights(sizes: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """Return float32[parameters]: each layer uniform on +-1/sqrt(fan-in), as torch's own Linear."""
    flat = np.empty(parameter_count(sizes), dtype=np.float32)
    for weights, biases in layers(flat, sizes):
        bound = 1 / math.sqrt(len(weights))
        weights[:] = rng.uniform(-bound, bound, weights.shape)
        biases[:] = rng.uniform(-bound, bound, biases.shape)
    return torch.from_numpy(flat)


def network_of(flat: Tensor, sizes: tuple[int, ...]) -> Network:
    """Return each layer as one matrix: where inputs end in a 1, a product with it adds the biases too."""
    return [
        flat.as_strided(((fan_in + 1), fan_out), (fan_out, 1), weights.storage_offset())
        for (fan_in, fan_out), (weights, _) in zip(pairwise(sizes), layers(flat, sizes), strict=True)
    ]


class Pass:
    """A forward pass of ``rows`` inputs, float32[rows, 10], in memory that is there already.

    The products of the last layer are made transposed: for three actions they take a third of the time.

    Attributes:
        values: float32[actions, rows].
        active: the activations of each hidden layer, float32[rows, width]; in memory a column of ones follows.
    """

    def __init__(self, network: Network, rows: int) -> None:
        *self._hidden, self._top = network
        self._kept = [torch.ones(rows, matrix.shape[1] + 1) for matrix in self._hidden]
        self.active = [kept[:, :-1] for kept in self._kept]
        self.values = torch.empty(self._top.shape[1], rows)
        self.top = torch.empty(self._top.shape[::-1])
        self._top_turned, self._highest_turned = self._top.t(), self._kept[-1].t()

    def run(self, inputs: Tensor) -> None:
        """Fill ``values`` and ``active``."""
        for matrix, kept, active in zip(self._hidden, self._kept, self.active, strict=True):
            torch.mm(inputs, matrix, out=active)
            inputs = kept.relu_()  # the ones stay ones
        self.top.copy_(self._top_turned)
        torch.mm(self.top, self._highest_turned, out=self.values)

    def kept(self, layer: int, rows: int) -> Tensor:
        """Return the first ``rows`` activations of a hidden layer, each with its 1."""
        return self._kept[layer][:rows]


class Backward:
    """The gradient of a loss at the first ``rows`` action values of a forward pass.

    Attributes:
        slope: float32[actions, rows], how the loss changes with each action value; to be filled before ``run``.
    """

    def __init__(self, forward: Pass, network: Network, gradient: Network, rows: int) -> None:
        *hidden, top = gradient
        actions = top.shape[1]
        self.slope = torch.zeros(actions, rows)
        self._slope_turned = self.slope.t()
        self._highest, self._weights = forward.kept(-1, rows), forward.top[:, :-1]
        self._top, self._top_turned = top, torch.empty(actions, len(top))
        self._below = [forward.kept(index, rows).t() for index in range(len(hidden) - 1)]
        self._active = [active[:rows] for active in forward.active]
        self._flowing = [torch.empty(rows, matrix.shape[1]) for matrix in hidden]
        self._sign = [torch.empty_like(flowing) for flowing in self._flowing]
        self._upwards = [matrix[:-1].t() for matrix in network[1:-1]]
        self._hidden = hidden

    def run(self, inputs: Tensor) -> None:
        """Fill the gradient; ``inputs``: float32[10, rows], those of the forward pass."""
        torch.mm(self.slope, self._highest, out=self._top_turned)
        self._top.copy_(self._top_turned.t())
        torch.mm(self._slope_turned, self._weights, out=self._flowing[-1])
        for index in range(len(self._hidden) - 1, -1, -1):
            flowing = self._flowing[index]
            flowing.mul_(torch.sign(self._active[index], out=self._sign[index]))  # relu: 0 or positive
            torch.mm(self._below[index - 1] if index else inputs, flowing, out=self._hidden[index])
            if index:
                torch.mm(flowing, self._upwards[index - 1], out=self._flowing[index - 1])


def double_dqn_target(online: Floats, target: Floats, rewards: Floats, goes_on: Floats, gamma: float) -> Floats:
    """Return r + gamma * Q_target(s', argmax_a Q_online(s', a)), and r alone where the episode terminated.

    Args:
        online, target: float32[actions, n], both networks' values of what follows.
        rewards, goes_on: float32[n], the latter 0 where the episode terminated.
    """
    ahead: Floats = target[online.argmax(0), np.arange(len(rewards))]
    wanted: Floats = rewards + np.float32(gamma) * goes_on * ahead
    return wanted


def huber(errors: Floats) -> tuple[float, Floats]:
    """Return the mean Huber loss (threshold 1) of ``errors`` float32[n], and its slope at each error."""
    clipped: Floats = np.minimum(np.maximum(errors, np.float32(-1)), np.float32(1))
    loss = float(clipped.dot(errors - np.float32(0.5) * clipped)) / len(errors)
    slope: Floats = clipped / np.float32(len(errors))
    return loss, slope


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


class Drawn:
    """Batches drawn from the replay, normalised, in memory that is there already.

    Args:
        size: transitions in a batch.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._inputs = np.ones((DRAWN_AT_ONCE, 2, size, len(FIELDS) + 1), dtype=np.float32)
        slots = [torch.from_numpy(slot) for slot in self._inputs]
        #: Of each batch the inputs before and after, those after alone, and those before turned.
        self.views = [(slot.view(2 * size, -1), slot[1], slot[0].t()) for slot in slots]

    def fill(self, drawn: Batch, normaliser: Normaliser) -> Iterator[tuple[Batch, int]]:
        """Take in a multiple of ``size`` transitions; yield each batch and its place in ``views``."""
        count = len(drawn.actions) // self._size
        normalised = normaliser(drawn.pairs).reshape(count, self._size, 2, -1)
        self._inputs[:count, :, :, :-1] = normalised.transpose(0, 2, 1, 3)
        for place in range(count):
            yield drawn.part(slice(place * self._size, (place + 1) * self._size)), place


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
        with quick_arithmetic(), torch.no_grad():
            losses = [self._update(*drawn) for drawn in self._batches(self._updates_due())]
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
        self._acting = layers(self._online.numpy(), self._sizes)  # the same memory: acting needs no torch
        size, network = self._config.batch_size, network_of(online, self._sizes)
        self._drawn, self._rows = Drawn(size), np.arange(size)
        self._both = Pass(network, 2 * size)  # before and after the action
        self._ahead = Pass(network_of(self._target, self._sizes), size)
        self._backward = Backward(self._both, network, network_of(self._gradient, self._sizes), size)
        self._values, self._values_ahead = self._both.values.numpy(), self._ahead.values.numpy()
        self._slope = self._backward.slope.numpy()

    def _choose(self) -> int:
        return self._explore.choose(self._action_values, len(self._deltas))

    def _choose_all(self) -> list[int]:
        values: list[list[float]] = action_values_of(self._acting, self._normaliser(self._features)).tolist()
        actions = [self._explore.choose(row.copy, len(self._deltas)) for row in values]
        self._actions = np.array(actions)
        return actions

    def _action_values(self) -> list[float]:
        values: list[float] = action_values(self._acting, self._normaliser(self._features)).tolist()
        return values

    def _updates_due(self) -> int:
        """One for every ``train_every``-th of the new transitions, once ``learning_starts`` are there."""
        added, every = self._replay.added, self._config.train_every
        before = max(self._added_before, self._config.learning_starts - 1)
        return max(0, added // every - before // every)

    def _batches(self, count: int) -> Iterator[tuple[Batch, int]]:
        """Draw ``count`` batches, many at once."""
        for first in range(0, count, DRAWN_AT_ONCE):
            batches = min(DRAWN_AT_ONCE, count - first)
            drawn = self._replay.sample(batches * self._config.batch_size, self._rng)
            yield from self._drawn.fill(drawn, self._normaliser)

    def _update(self, batch: Batch, place: int) -> float:
        """One step of gradient descent; return the loss before it.

        What there is to do with a few numbers for each transition is done in NumPy, on torch's memory: its calls
        cost less.
        """
        both, after, before_turned = self._drawn.views[place]
        self._both.run(both)
        self._ahead.run(after)
        rows, size = self._rows, len(self._rows)
        following = self._values[:, size:]
        target = double_dqn_target(following, self._values_ahead, batch.rewards, batch.goes_on, self._config.gamma)
        loss, slope = huber(self._values[batch.actions, rows] - target)
        if not math.isfinite(loss):
            raise NotFinite("loss", batch.tensors())
        self._slope.fill(0)
        self._slope[batch.actions, rows] = slope
        self._backward.run(before_turned)
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
def quick_arithmetic() -> Iterator[None]:
    """Keep torch on one core, and take numbers below 1e-38 for 0, for the time of the block.

    Handing such small products to several cores costs more than it saves. Adam's mean of a gradient that stays 0
    falls to numbers so small that the processor needs many times as long for them.
    """
    threads, flushed = torch.get_num_threads(), bool(np.float32(1e-38) * np.float32(0.1) == 0)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(flushed)
