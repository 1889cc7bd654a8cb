"""The simulated farm: a readable SimPy reference, and its compiled twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autoscaling_env.farm_kind import FarmKind
from autoscaling_env.randomization import Randomization

if TYPE_CHECKING:
    from autoscaling_env.backend import Backend
    from autoscaling_env.config import Config
    from autoscaling_env.workload import Workload


def simpy_backend(config: Config) -> Backend:
    """Return the SimPy farm: the readable reference."""
    from simulator.reference.backend import SimBackend

    return SimBackend(config.farm, Randomization(config))


def compiled_backend(config: Config) -> Backend:
    """Return the compiled farm: the same telemetry to the bit, hundreds of times faster."""
    from simulator.compiled.backend import CompiledBackend

    return CompiledBackend(config.farm, Randomization(config))


def _many(count: int, *, config: Config, workload: Workload) -> Any:
    from simulator.vector_env import AutoscalingVectorEnv

    return AutoscalingVectorEnv(count, config=config, workload=workload)


#: Delays are drawn where an episode begins.
RANDOMIZES = ("farm.startup", "farm.pickup", "farm.service_overhead")
SIM = FarmKind(
    name="sim",
    summary="simulated",
    randomizes=RANDOMIZES,
    make=compiled_backend,
    make_many=_many,
    engines={"compiled": "compiled", "simpy": "simpy"},
)
COMPILED = FarmKind(
    name="compiled", summary="simulated, compiled", make=compiled_backend, make_many=_many, randomizes=RANDOMIZES
)
SIMPY = FarmKind(name="simpy", summary="simulated, in SimPy", make=simpy_backend, randomizes=RANDOMIZES)
