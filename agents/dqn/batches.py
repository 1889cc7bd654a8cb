"""Batches drawn from the replay, normalised, as torch sees them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from agents.networks.normaliser import Normaliser
from agents.replay import Batch

#: Batches are drawn and normalised so many at once.
DRAWN_AT_ONCE = 64


class ReplayBatches:
    """Batches drawn from the replay, normalised, in memory that is there already.

    Args:
        size: transitions in a batch.
        inputs: numbers of an observation.
    """

    def __init__(self, size: int, inputs: int) -> None:
        self._size = size
        self._inputs = np.ones((DRAWN_AT_ONCE, 2, size, inputs + 1), dtype=np.float32)
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
