"""What networks see while they learn is what they see while they act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from agents.networks.normaliser import Normaliser, features

if TYPE_CHECKING:
    import torch
else:
    torch = pytest.importorskip("torch")
from agents.ppo.seeing import moments, normalised_by, signed_logs


@pytest.mark.parametrize("least", [0.0, -30.0])
def test_torch_sees_what_numpy_sees(least: float) -> None:
    observations = np.random.default_rng(0).uniform(least, 400, size=(50, 9)).astype(np.float32)
    ours, theirs = Normaliser(9), Normaliser(9)
    for part in (observations[:20], observations[20:]):
        ours.update(features(part))
        theirs.merge(*moments(signed_logs(torch.from_numpy(part))))
    np.testing.assert_allclose(theirs.mean, ours.mean, rtol=1e-6)
    np.testing.assert_allclose(theirs.squares, ours.squares, rtol=1e-4)
    seen = normalised_by(ours, signed_logs(torch.from_numpy(observations * 40))).numpy()
    np.testing.assert_allclose(seen, ours(features(observations * 40)), rtol=1e-5, atol=1e-5)
    assert np.abs(seen).max() <= 5
