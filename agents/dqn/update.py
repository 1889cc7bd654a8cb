"""One update: the target, the loss, and the step down its gradient.

van Hasselt, Guez & Silver 2016 (Double DQN); Kingma & Ba 2015 (Adam).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from agents.networks.weights import Floats

#: Adam's constants, as in the paper.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


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
    """Adam on a flat tensor; torch's own spends twice as long on finding out what it was given.

    Attributes:
        learning_rate: may change between steps.
    """

    def __init__(self, size: int, learning_rate: float, device: str = "cpu") -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.mean, self.square, self._root = torch.zeros(3, size, device=device)

    def step(self, parameters: Tensor, gradient: Tensor) -> None:
        """Move ``parameters`` against ``gradient`` in place."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - BETA_1)
        self.square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        correction = math.sqrt(1 - BETA_2**self.steps)
        torch.sqrt(self.square, out=self._root).add_(EPSILON * correction)
        rate = self.learning_rate * correction / (1 - BETA_1**self.steps)
        parameters.addcdiv_(self.mean, self._root, value=-rate)


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
