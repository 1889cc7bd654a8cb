"""Measures a platform itself: how long workers take to start and to leave, by scaling up and down a few times."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from autoscaling_env.backend import Backend
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Progress
from autoscaling_env.files import atomic_write
from autoscaling_env.types import FloatArray, TaskBatch
from live.backend import LiveBackend
from live.calibration import FarmFit, fit_startup

STEP_S = 0.05


@dataclass(frozen=True, slots=True)
class PlatformTimes:
    """What a platform takes, real seconds.

    Attributes:
        platform: its name.
        startup_s: float64[k], from asking for a worker to its being ready.
        drain_s: float64[m], from asking an idle worker to leave to its having left.
    """

    platform: str
    startup_s: FloatArray = field(default_factory=lambda: np.empty(0))
    drain_s: FloatArray = field(default_factory=lambda: np.empty(0))

    def to_json(self) -> str:
        """Return all values and their quantiles as JSON."""
        values = {name: getattr(self, name).round(6).tolist() for name in ("startup_s", "drain_s")}
        quantiles = {
            name: dict(zip(("p5", "p50", "p95"), _quantiles(each), strict=True)) for name, each in values.items()
        }
        return json.dumps({"platform": self.platform, "quantiles": quantiles} | values, indent=1) + "\n"

    def to_yaml(self, time_scale: float) -> str:
        """Return a configuration fragment for simulations of this platform, in episode seconds."""
        fit = FarmFit(
            startup=fit_startup(self.startup_s / time_scale), pickup=None, service_overhead=None, collect_s=None
        )
        return f"# start-up times of the platform {self.platform}, {len(self.startup_s)} workers\n{fit.to_yaml()}"

    def save(self, path: Path) -> None:
        """Write the JSON."""
        with atomic_write(path) as file:
            file.write(self.to_json())


def probe(backend: Backend, rounds: int, progress: Progress) -> PlatformTimes:
    """Measure a live farm, as ``FarmKind.probe``.

    Raises:
        TypeError: it is none.
        BackendError: as ``measure_platform``.
    """
    if not isinstance(backend, LiveBackend):
        raise TypeError(f"a {type(backend).__name__} is no live farm")
    return measure_platform(backend, rounds=rounds, progress=progress)


def measure_platform(
    backend: LiveBackend,
    *,
    workers: int = 1,
    more: int = 3,
    rounds: int = 5,
    limit_s: float = 60.0,
    progress: Progress = lambda done, total: None,
) -> PlatformTimes:
    """Add ``more`` workers to ``workers`` and remove them again, ``rounds`` times, without any task.

    Make the backend with ``live.startup=real``; with configured delays those would be measured.

    Raises:
        BackendError: workers have not come or gone ``limit_s`` real seconds after they were asked to.
    """
    nothing = np.empty(0)
    backend.reset(TaskBatch(nothing, nothing, nothing), workers)
    startup_s: list[float] = []
    drain_s: list[float] = []
    for done in range(rounds):
        startup_s += _asked(backend, workers + more, "ready", more, limit_s)
        drain_s += _asked(backend, workers, "left", more, limit_s)
        progress(done + 1, rounds)
    return PlatformTimes(backend.platform.name, np.array(startup_s), np.array(drain_s))


def _asked(backend: LiveBackend, workers: int, kind: str, count: int, limit_s: float) -> list[float]:
    """Ask for ``workers`` and return when each of the ``count`` events came, real seconds from asking."""
    began_us = backend.queues.server_time_us()
    backend.scale_to(workers)
    while True:
        seen = [event.at_us for event in backend.history() if event.kind == kind and event.at_us > began_us]
        if len(seen) >= count:
            return [(at_us - began_us) / 1e6 for at_us in seen]
        if backend.queues.server_time_us() - began_us > limit_s * 1e6:
            raise BackendError(f"{len(seen)} of {count} workers are {kind} after {limit_s:g} s; `autoscale doctor`?")
        backend.advance(STEP_S)


def _quantiles(values: list[float]) -> list[float]:
    return [round(float(q), 3) for q in np.percentile(values, (5, 50, 95))] if values else []
