"""The network's weights in one flat tensor, its forward pass, and its gradient written out.

For a network this small autograd's bookkeeping costs several times the arithmetic (docs/agents.md). The tests hold the
gradient against autograd.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor

from agents.networks.weights import layers

#: Of each layer the weights and, as their last row, the biases: float32[in + 1, out], views into one flat tensor.
Network: TypeAlias = list[Tensor]


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
