"""What a model was trained to see, kept with it and asked of an environment."""

from __future__ import annotations

import numpy as np

from agents.checkpoint import Tensors
from agents.networks.weights import Floats
from autoscaling_env.errors import ModelError
from autoscaling_env.observation import FIELDS, standard
from autoscaling_env.types import Info

#: A checkpoint's array: the names of what the model sees, where that is not the standard observation.
OBSERVATION = "observation.fields"


def trained_view(fields: tuple[str, ...], observation: Floats, info: Info, shown: tuple[str, ...] | None) -> Floats:
    """Return what a model was trained to see; of many rows, too.

    Args:
        fields: names of what it was trained to see; none: the standard observation.
        observation: float32[..., o], what the environment shows.
        info: of the environment, with the standard observation where something else is shown.
        shown: names of what the environment shows; None: the standard observation.

    Raises:
        ModelError: the environment shows something else.
    """
    if not fields:
        return standard(observation, info)
    if shown is None or tuple(shown) != fields:
        names = ", ".join(shown or FIELDS)
        raise ModelError(f"the model was trained to see {', '.join(fields)}; the environment shows {names}")
    return observation


def encoded(fields: tuple[str, ...]) -> Tensors:
    """Return names as a checkpoint keeps them; nothing of none."""
    return {OBSERVATION: np.frombuffer("\n".join(fields).encode(), dtype=np.uint8)} if fields else {}


def decoded(tensors: Tensors) -> tuple[str, ...]:
    """Return the names that ``encoded`` kept; none: the standard observation."""
    names = bytes(tensors.get(OBSERVATION, np.zeros(0, dtype=np.uint8))).decode()
    return tuple(names.split("\n")) if names else ()
