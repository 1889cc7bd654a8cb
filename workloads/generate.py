"""The sample trace, generated: three made-up functions with swings, in the Azure 2021 format.

Run ``python -m workloads.generate [FILE]`` to write it again: the same bytes each time.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autoscaling_env.config.distributions import Gamma, Lognormal
from autoscaling_env.config.workload import (
    AnyPhase,
    BurstPhase,
    DeadlineConfig,
    OnOffPhase,
    OscillationPhase,
    PhasesConfig,
    RampPhase,
    ServiceConfig,
    SteadyPhase,
)
from autoscaling_env.files import atomic_write
from autoscaling_env.types import TaskBatch
from workloads import sample_trace_path
from workloads.phased import PhasedWorkload

SEED = 2021
HEADER = "app,func,end_timestamp,duration"
NO_DEADLINE = DeadlineConfig(coefficient=1, floor_s=1e-9, cap_s=1e9)
QUICK = ServiceConfig(distribution=Gamma(shape=4, mean_s=0.9), min_s=0.02, max_s=4)
SLOW = ServiceConfig(distribution=Lognormal(mean_s=2.6, cv=0.6), min_s=0.2, max_s=12)

#: A web shop's front, swinging; its checkout, with a sale; nightly jobs that come in bunches. 20 minutes each.
FUNCTIONS: dict[str, tuple[tuple[AnyPhase, ...], ServiceConfig]] = {
    "shop/front": (
        (
            OscillationPhase(pattern="oscillation_slow", duration_s=720, min_rate=20, max_rate=150, cycles=2),
            RampPhase(pattern="ramp", duration_s=240, from_rate=85, to_rate=200),
            RampPhase(pattern="ramp", duration_s=240, from_rate=200, to_rate=40),
        ),
        QUICK,
    ),
    "shop/checkout": (
        (
            SteadyPhase(pattern="steady", duration_s=420, rate=18),
            BurstPhase(pattern="burst", duration_s=420, rate=18, factor=9, at_s=120, length_s=90),
            BurstPhase(pattern="burst", duration_s=360, rate=18, factor=6, at_s=90, length_s=120, shape="spike"),
        ),
        SLOW,
    ),
    "jobs/report": (
        (OnOffPhase(pattern="on_off", duration_s=1200, on_rate=60, off_rate=1, on_s=60, off_s=180),),
        SLOW,
    ),
}


def rows() -> Iterator[str]:
    """Yield the lines of the sample trace, by end of the invocation, header first."""
    finished = []
    for number, (function, (phases, service)) in enumerate(FUNCTIONS.items()):
        app, func = _hashed(function.split("/")[0]), _hashed(function)
        batch = _drawn(phases, service, SEED + number)
        duration_s = np.maximum(np.round(batch.service_s, 3), 0.001)
        ends_s = np.round(batch.arrival_s, 6) + duration_s
        finished += [
            (end, f"{app},{func},{end:.6f},{duration:.3f}")
            for end, duration in zip(ends_s.tolist(), duration_s.tolist(), strict=True)
        ]
    yield HEADER
    yield from (line for _, line in sorted(finished))


def write(path: Path) -> None:
    """Write the sample trace, atomically."""
    with atomic_write(path) as file:
        file.writelines(f"{line}\n" for line in rows())


def _drawn(phases: tuple[AnyPhase, ...], service: ServiceConfig, seed: int) -> TaskBatch:
    config = PhasesConfig(kind="phases", base_rate_per_min=1, phases=phases, service=service, deadline=NO_DEADLINE)
    return PhasedWorkload(config).draw(seed)


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else sample_trace_path())
