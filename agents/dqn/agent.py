"""Double DQN: act, remember, and at the end of an episode descend the Huber loss, the target following.

van Hasselt, Guez & Silver 2016 (Double DQN); Lillicrap et al. 2016 (Polyak-averaged target).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.checkpoint import Tensors
from agents.dqn.batches import DRAWN_AT_ONCE, ReplayBatches
from agents.dqn.network import Backward, Pass, network_of
from agents.dqn.update import Adam, double_dqn_target, huber, quick_arithmetic
from agents.exploration import EpsilonGreedy
from agents.learner import NotFinite, scaled_rewards
from agents.networks.normaliser import Normaliser, features
from agents.networks.policy import GreedyPolicy
from agents.networks.view import encoded
from agents.networks.weights import initial_weights, layer_sizes, layers, outputs_of
from agents.replay import Batch, Replay
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.observation import Layout
from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray


class DqnLearner:
    """Learns the network. See ``agents.learner.Learner``.

    Args:
        config: ``agents.dqn``, the observation and the actions.
        seed: of the first weights, exploration and replay.
    """

    def __init__(self, config: Config, seed: int) -> None:
        self._config = config.agents.dqn
        self._space = Actions.of(config)
        self._rng = stream(seed, "agent")
        self._explore = EpsilonGreedy(self._config, self._rng)
        layout = Layout.of(config)
        inputs, self._fields = len(layout.names), layout.own_names
        self._sizes = layer_sizes(self._config.hidden_layers, self._space.count, inputs)
        self._normaliser = Normaliser(inputs)
        self._replay = Replay(self._config.replay_capacity, inputs)
        self._updates = 0
        self._become(torch.from_numpy(initial_weights(self._sizes, self._rng)))
        self._features = np.zeros((0, inputs), dtype=np.float32)
        self._actions: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._seen: list[NDArray[np.float32]] = []
        self._added_before = 0

    @property
    def epsilon(self) -> float:
        """Probability of a random action."""
        return self._explore.epsilon

    def begin(self, observations: NDArray[np.float32]) -> list[int]:
        """Start episodes that share network and replay."""
        self._features = features(observations)
        self._seen, self._added_before = [self._features], self._replay.added
        return self._choose()

    def step(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Remember what the last actions brought, row by row; return the next."""
        scaled = scaled_rewards(rewards, observations, playing, self._config.reward_scale, self._config.reward_clip)
        before, self._features = self._features, features(observations)
        self._seen.append(self._features[playing])
        added = Batch(
            np.stack((before, self._features), axis=1),
            self._actions,
            scaled,
            (~terminated).astype(np.float32),
        )
        self._replay.add(added.part(playing))
        return self._choose()

    def end(self) -> list[float | None]:
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

    def policy(self) -> GreedyPolicy:
        """Return the greedy policy of a copy of the target network.

        It is the running average of the online network, which leaps with every batch, and plays better and
        far more steadily (Izmailov et al. 2018; measured in docs/agents.md).
        """
        flat = self._target.numpy().copy()
        return GreedyPolicy(flat, self._sizes, self._normaliser.copy(), self._space, self._fields)

    def state_dict(self) -> tuple[Tensors, dict[str, Any]]:
        """Return both networks, Adam's moments, the replay, the normaliser, counters and the random state."""
        tensors: Tensors = {
            "sizes": np.array(self._sizes, dtype=np.int64),
            "online": self._online.numpy(),
            "target": self._target.numpy(),
            "adam.mean": self._adam.mean.numpy(),
            "adam.square": self._adam.square.numpy(),
            **encoded(self._fields),
        }
        state = {
            "epsilon": self._explore.epsilon,
            "rng": self._rng.bit_generator.state,
            "updates": self._updates,
        }
        return tensors | self._replay.state_dict() | self._normaliser.state_dict(), state

    def load_state_dict(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``state_dict`` was taken from."""
        self._become(torch.from_numpy(tensors["online"].copy()))
        self._target.copy_(torch.from_numpy(tensors["target"].copy()))
        self._adam.mean.copy_(torch.from_numpy(tensors["adam.mean"].copy()))
        self._adam.square.copy_(torch.from_numpy(tensors["adam.square"].copy()))
        self._updates = self._adam.steps = state["updates"]
        self._replay.load_state_dict(tensors)
        self._normaliser.load_state_dict(tensors)
        self._explore.epsilon = state["epsilon"]
        self._rng.bit_generator.state = state["rng"]

    def _become(self, online: Tensor) -> None:
        """Take ``online`` for the weights, and make everything that has its shape."""
        self._online, self._target, self._gradient = online, online.clone(), torch.zeros_like(online)
        self._adam = Adam(len(online), self._config.learning_rate)
        self._acting = layers(self._online.numpy(), self._sizes)  # the same memory: acting needs no torch
        size, network = self._config.batch_size, network_of(online, self._sizes)
        self._drawn, self._rows = ReplayBatches(size, self._sizes[0]), np.arange(size)
        self._both = Pass(network, 2 * size)  # before and after the action
        self._ahead = Pass(network_of(self._target, self._sizes), size)
        self._backward = Backward(self._both, network, network_of(self._gradient, self._sizes), size)
        self._values, self._values_ahead = self._both.values.numpy(), self._ahead.values.numpy()
        self._slope = self._backward.slope.numpy()

    def _choose(self) -> list[int]:
        values: list[list[float]] = outputs_of(self._acting, self._normaliser(self._features)).tolist()
        actions = [self._explore.choose(row.copy, self._space.count) for row in values]
        self._actions = np.array(actions)
        return actions

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
