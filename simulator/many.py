"""Many environments at once, on this machine's processor or on a GPU: what ``gymnasium.make_vec`` makes."""

from __future__ import annotations

from typing import Any

from gymnasium.vector import VectorEnv

from autoscaling_env.errors import InputError, unknown_name

#: Where environments are played: ``host`` is the GPU's code on this machine's processor, for tests.
DEVICES = ("cpu", "cuda", "host")


def make_vector_env(num_envs: int = 1, *, device: str = "cpu", **arguments: Any) -> VectorEnv[Any, Any, Any]:
    """Return ``num_envs`` environments.

    Args:
        num_envs: how many.
        device: ``cpu``: ``simulator.vector_env.AutoscalingVectorEnv``; ``cuda``:
            ``simulator.cuda.vector_env.CudaVectorEnv``, whose arrays stay on the GPU.
        arguments: as these take them.

    Raises:
        InputError: no such device, none to be had, or another argument that cannot be.
    """
    if device == "cpu":
        from simulator.vector_env import AutoscalingVectorEnv

        return AutoscalingVectorEnv(num_envs, **arguments)
    if device not in DEVICES:
        raise InputError(unknown_name("device", str(device), DEVICES))
    from simulator.cuda.vector_env import CudaVectorEnv  # numba.cuda is imported for who asks for a GPU

    return CudaVectorEnv(num_envs, device=device, **arguments)
