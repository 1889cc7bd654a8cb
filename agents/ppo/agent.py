"""PPO: play some episodes by one policy, learn from them, forget them, and so on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from agents.checkpoint import Tensors
from agents.dqn.update import Adam, quick_arithmetic
from agents.learner import NotFinite, scaled_rewards
from agents.networks.normaliser import Normaliser
from agents.networks.policy import GreedyPolicy
from agents.networks.view import encoded
from agents.ppo.acting import Actor
from agents.ppo.network import Networks
from agents.ppo.policy import ACTOR, SIZES
from agents.ppo.rollout import HERE, Place, Recorder, Rollout
from agents.ppo.seeing import moments, normalised_by, signed_logs
from agents.ppo.update import Batch, batch_of, gradient, losses, minibatches
from autoscaling_env.actions import Actions
from autoscaling_env.config import Config
from autoscaling_env.observation import Layout
from autoscaling_env.rng import stream
from autoscaling_env.types import BoolArray, FloatArray

#: Share of the first learning rate that is left once it has fallen.
LEAST_RATE = 0.05


class PpoLearner:
    """Learns actor and critic. See ``agents.learner.OnPolicy``.

    Args:
        config: ``agents.ppo``, the observation and the actions.
        seed: of the first weights, exploration and batches.
        place: where rollouts are and learning happens; acting is NumPy's.
    """

    def __init__(self, config: Config, seed: int, place: Place = HERE) -> None:
        self._config, self._place = config.agents.ppo, place
        self._space = Actions.of(config)
        self._rng = stream(seed, "agent")
        layout = Layout.of(config)
        inputs, self._fields = len(layout.names), layout.own_names
        self._networks = Networks(self._config.hidden_layers, inputs, self._space.count, self._rng, place.device)
        self._adam = Adam(len(self._networks.flat), self._config.learning_rate, place.device)
        self._normaliser = Normaliser(inputs)
        self._recorder = Recorder(place)
        self._rollout: Rollout | None = None
        self._episodes = 0
        self._entropy, self._loss = 1.0, math.nan
        self._become(self._networks.flat)

    @property
    def epsilon(self) -> float:
        """Entropy of the policy when it last learned, as a share of the most there can be: 1 is chance, 0 none."""
        return self._entropy

    @property
    def left(self) -> int:
        """Episodes until it learns next."""
        return self._config.rollout_episodes - self._episodes % self._config.rollout_episodes

    def begin(self, observations: NDArray[np.float32]) -> list[int]:
        """Start episodes, each with a generator of its own."""
        self._recorder.begin(observations)
        self._actor.begin(self._rng.integers(2**63, size=len(observations)))
        return self._act(observations)

    def step(
        self,
        rewards: FloatArray,
        observations: NDArray[np.float32],
        terminated: BoolArray,
        truncated: BoolArray,
        playing: BoolArray,
    ) -> list[int]:
        """Remember what the last actions brought; return the next."""
        scaled = scaled_rewards(rewards, observations, playing, self._config.reward_scale, self._config.reward_clip)
        self._recorder.add(self._actions, scaled, observations, playing, terminated)
        return self._act(observations)

    def end(self) -> list[float | None]:
        """Learn where a rollout is whole; return the loss of the policy that played, of its last update."""
        played, episodes = self._recorder.end(), len(self._actions)
        self._rollout = played if self._rollout is None else self._rollout.beside(played)
        loss = None if math.isnan(self._loss) else self._loss
        ends = self.left <= episodes
        self._episodes += episodes
        if ends:
            with quick_arithmetic():
                self._learn(self._rollout)
            self._rollout = None
        return [loss] * episodes

    def policy(self) -> GreedyPolicy:
        """Return the greedy policy of a copy of the actor."""
        actor = self._networks.actor.numpy(force=True).copy()
        return GreedyPolicy(actor, self._networks.sizes, self._normaliser.copy(), self._space, self._fields)

    def state_dict(self) -> tuple[Tensors, dict[str, Any]]:
        """Return the networks, Adam's moments, the normaliser, what was played since, counters and the random state."""
        networks = self._networks
        tensors: Tensors = {
            SIZES: np.array(networks.sizes, dtype=np.int64),
            ACTOR: networks.actor.numpy(force=True),
            "networks": networks.flat.numpy(force=True),
            "adam.mean": self._adam.mean.numpy(force=True),
            "adam.square": self._adam.square.numpy(force=True),
            **encoded(self._fields),
            **self._normaliser.state_dict(),
            **({} if self._rollout is None else self._rollout.tensors()),
        }
        state = {
            "episodes": self._episodes,
            "updates": self._adam.steps,
            "entropy": self._entropy,
            "loss": None if math.isnan(self._loss) else self._loss,
            "rng": self._rng.bit_generator.state,
        }
        return tensors, state

    def load_state_dict(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Become the learner that ``state_dict`` was taken from."""
        self._become(self._place.tensor(tensors["networks"].copy()))
        self._adam.mean.copy_(torch.from_numpy(tensors["adam.mean"].copy()))
        self._adam.square.copy_(torch.from_numpy(tensors["adam.square"].copy()))
        self._adam.steps, self._episodes = state["updates"], state["episodes"]
        self._normaliser.load_state_dict(tensors)
        self._rollout = Rollout.of(tensors, self._place) if "rollout.actions" in tensors else None
        self._entropy, self._loss = state["entropy"], math.nan if state["loss"] is None else state["loss"]
        self._rng.bit_generator.state = state["rng"]

    def _become(self, flat: torch.Tensor) -> None:
        self._networks.flat = flat
        self._actor = Actor(self._networks.actor.numpy(force=True), self._networks.sizes, self._normaliser)
        self._actions: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def _act(self, observations: NDArray[np.float32]) -> list[int]:
        self._actions = self._actor.act(observations)
        actions: list[int] = self._actions.tolist()
        return actions

    def _learn(self, rollout: Rollout) -> None:
        """Descend; what observations are like is learned after it, so that all of a rollout was seen alike.

        Before the first there is nothing to see by: the actor is about as indifferent then however it sees.
        """
        logs, known = signed_logs(rollout.observations), self._normaliser.count > 0
        shown = moments(logs[:-1][rollout.playing])
        if not known:
            self._normaliser.merge(*shown)
        batch = batch_of(rollout, normalised_by(self._normaliser, logs), self._networks, self._config)
        found = [self._update(batch.part(rows)) for rows in self._drawn(len(batch.actions))]
        if known:
            self._normaliser.merge(*shown)
        values, entropies = zip(*found, strict=True)
        self._loss = sum(values) / len(values)
        most = math.log(self._space.count)
        self._entropy = sum(entropies) / len(entropies) / most if most else 0.0

    def _drawn(self, steps: int) -> list[torch.Tensor]:
        epochs = range(self._config.epochs)
        return [rows for _ in epochs for rows in minibatches(steps, self._config.batch_size, self._rng)]

    def _update(self, batch: Batch) -> tuple[float, float]:
        """One step of gradient descent; return the critic's loss and the entropy before it."""
        config, networks, share = self._config, self._networks, self._share()
        flat = networks.flat.detach().requires_grad_()
        found = losses(networks, flat, batch, config.clip)
        total = found.total(config, config.entropy * share)
        if not math.isfinite(total.item()):
            raise NotFinite("loss", batch.tensors())
        descent = gradient(total, flat, config.gradient_clip)
        self._adam.learning_rate = config.learning_rate * max(share, LEAST_RATE)
        with torch.no_grad():
            self._adam.step(networks.flat, descent)
        return found.value.item(), found.entropy.item()

    def _share(self) -> float:
        """Return what is left of the learning rate and of what entropy is worth: from 1 to 0, linearly."""
        over = self._config.anneal_episodes or self._config.episodes
        return max(0.0, 1 - (self._episodes - self._config.rollout_episodes) / over)
