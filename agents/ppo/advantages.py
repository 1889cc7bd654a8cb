"""How much better than expected each action turned out: generalised advantage estimation.

Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized Advantage Estimation" (arXiv:1506.02438).
"""

from __future__ import annotations

import torch
from torch import Tensor

from agents.ppo.rollout import Rollout


def advantages(rollout: Rollout, values: Tensor, gamma: float, decay: float) -> Tensor:
    """Return float32[T, n]: the sum of the following TD errors, each ``gamma * decay`` times the one before.

    An episode that terminated expects nothing after its last step; one that was truncated expects the value of where
    it was cut off. No error of one episode counts for another, and after an episode's end all is 0.

    Args:
        rollout: T steps of n whole episodes.
        values: float32[T + 1, n], of every observation.
        gamma: discount per step.
        decay: lambda; 0: one step is looked ahead, 1: all of them.
    """
    playing = rollout.playing
    goes_on = torch.zeros_like(playing)  # to another step of the same episode
    goes_on[:-1] = playing[1:]
    ahead = values[1:] * (goes_on | (playing & ~rollout.terminated))
    errors = (rollout.rewards + gamma * ahead - values[:-1]) * playing
    found, last = torch.empty_like(errors), torch.zeros_like(errors[0])
    for step in range(len(errors) - 1, -1, -1):
        last = errors[step] + gamma * decay * last
        found[step] = last
    return found
