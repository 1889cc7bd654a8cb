"""What is learned from a rollout: some epochs up the clipped objective, and the critic towards the returns.

Schulman et al. 2017 (arXiv:1707.06347), equations 7 and 9; the details that matter are those of Huang et al. 2022, "The
37 Implementation Details of Proximal Policy Optimization".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from agents.checkpoint import Tensors
from agents.ppo.advantages import advantages
from agents.ppo.network import Networks
from agents.ppo.rollout import Rollout
from autoscaling_env.config.learners import PpoConfig


@dataclass(frozen=True, slots=True)
class Batch:
    """Steps that are learned from.

    Attributes:
        seen: float32[steps, fields], normalised.
        actions: int64[steps].
        log_probabilities: float32[steps], of these actions when they were drawn.
        advantages: float32[steps], of mean 0 and variance 1 over the rollout.
        returns: float32[steps], what the critic ought to have said.
    """

    seen: Tensor
    actions: Tensor
    log_probabilities: Tensor
    advantages: Tensor
    returns: Tensor

    def part(self, rows: Tensor) -> Batch:
        """Return some of the steps."""
        return Batch(*(getattr(self, each.name)[rows] for each in fields(self)))

    def tensors(self) -> Tensors:
        """Return it for a dump."""
        return {each.name: getattr(self, each.name).numpy(force=True) for each in fields(self)}


@torch.no_grad()
def batch_of(rollout: Rollout, seen: Tensor, networks: Networks, config: PpoConfig) -> Batch:
    """Return the steps of a rollout; ``networks`` still are those that played it.

    Args:
        seen: float32[T + 1, n, fields], its observations, normalised.
    """
    values = networks.values(networks.flat, seen)
    gained = advantages(rollout, values, config.gamma, config.gae_lambda)
    playing = rollout.playing
    seen, actions, returns = seen[:-1][playing], rollout.actions[playing], (gained + values[:-1])[playing]
    chosen = _of_actions(networks.log_probabilities(networks.flat, seen), actions)
    return Batch(seen, actions, chosen, normalised(gained[playing]), returns)


def normalised(values: Tensor) -> Tensor:
    """Return values of mean 0 and variance 1; of one alone 0."""
    return (values - values.mean()) / (values.std(correction=0) + 1e-8)


def minibatches(steps: int, size: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Yield the rows of all steps in random order, in parts of about ``size`` that differ by one at most."""
    for rows in np.array_split(rng.permutation(steps), max(1, round(steps / size))):
        yield torch.from_numpy(rows)


@dataclass(frozen=True, slots=True)
class Losses:
    """What is minimised, in parts.

    Attributes:
        policy: the clipped objective, negative.
        value: mean squared error of the critic, halved.
        entropy: mean entropy of the policy, nats.
    """

    policy: Tensor
    value: Tensor
    entropy: Tensor

    def total(self, config: PpoConfig, entropy_weight: float) -> Tensor:
        """Return the sum whose gradient is descended."""
        return self.policy + config.value_weight * self.value - entropy_weight * self.entropy


def losses(networks: Networks, flat: Tensor, batch: Batch, clip: float) -> Losses:
    """Return the losses of the networks of weights ``flat`` at a batch.

    Args:
        clip: how far the ratio of new to old probability may go from 1 and still be rewarded.
    """
    probable = networks.log_probabilities(flat, batch.seen)
    ratio = (_of_actions(probable, batch.actions) - batch.log_probabilities).exp()
    clipped = ratio.clamp(1 - clip, 1 + clip)
    policy = -torch.minimum(ratio * batch.advantages, clipped * batch.advantages).mean()
    value = 0.5 * (networks.values(flat, batch.seen) - batch.returns).square().mean()
    return Losses(policy, value, -(probable.exp() * probable).sum(-1).mean())


def gradient(loss: Tensor, flat: Tensor, largest: float) -> Tensor:
    """Return the gradient of a loss, its norm clipped to ``largest``."""
    (found,) = torch.autograd.grad(loss, flat)
    return found * torch.clamp(largest / (found.norm() + 1e-8), max=1.0)


def _of_actions(table: Tensor, actions: Tensor) -> Tensor:
    return table.gather(-1, actions.unsqueeze(-1)).squeeze(-1)
