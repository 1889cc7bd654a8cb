"""The simulated farm: a readable SimPy reference, and its compiled twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoscaling_env.backend import Backend
    from autoscaling_env.config import Config


def simpy_backend(config: Config) -> Backend:
    """Return the SimPy farm: the readable reference."""
    from simulator.reference.backend import SimBackend

    return SimBackend(config.farm)


def compiled_backend(config: Config) -> Backend:
    """Return the compiled farm: the same telemetry to the bit, hundreds of times faster."""
    from simulator.compiled.backend import CompiledBackend

    return CompiledBackend(config.farm)


def default_backend(config: Config) -> Backend:
    """Return the farm that simulations use unless told otherwise."""
    return compiled_backend(config)
