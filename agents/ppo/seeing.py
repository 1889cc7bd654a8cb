"""How the networks see observations, in torch where the rollout is; in NumPy: ``agents.networks.normaliser``."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.networks.normaliser import CLIP, Normaliser


def signed_logs(observations: Tensor) -> Tensor:
    """Return log(1 + x), of x < 0 -log(1 - x): ``features`` of float32[..., fields]."""
    return observations.sign() * observations.abs().log1p()


def moments(values: Tensor) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
    """Return what ``Normaliser.merge`` takes of float32[n, fields]: all that leaves the place of the rollout."""
    exact = values.double()
    mean = exact.mean(dim=0)
    return len(values), mean.numpy(force=True), (exact - mean).square().sum(dim=0).numpy(force=True)


def normalised_by(normaliser: Normaliser, values: Tensor) -> Tensor:
    """Return what the normaliser makes of float32[..., fields]."""
    offset, scale = (torch.from_numpy(each).to(values.device) for each in (normaliser.offset, normaliser.scale))
    return ((values - offset) * scale).clamp(-float(CLIP), float(CLIP))
