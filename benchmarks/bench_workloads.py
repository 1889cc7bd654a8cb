"""What it costs to draw the tasks of an episode, beside what its random numbers alone cost.

``python benchmarks/bench_workloads.py`` prints the table; ``run`` returns it for ``make bench``.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from itertools import count
from typing import Any

from autoscaling_env.config import Config, default_config
from autoscaling_env.config.workload import OscillationPhase, PhasesConfig, TraceConfig
from autoscaling_env.rng import stream
from autoscaling_env.workload import Workload
from workloads import make_workload, sample_trace_path

REPEATS, CALLS = 15, 300


def run() -> list[dict[str, Any]]:
    """Return ``{name, value, unit, ratio_to, ratio}``, microseconds of the fastest of 15 x 300 draws each.

    The cases take turns, so that a busy machine slows all of them alike.
    """
    config = default_config()
    reference = make_workload(config)
    tasks = len(reference.draw(0))
    cases: dict[str, Callable[[], object]] = {
        "its random numbers alone": lambda: _numbers_alone(tasks),
        "reference phases": _drawing(reference),
        "reference phases, shuffled": _drawing(reference, shuffled=True),
        "oscillating phases": _drawing(make_workload(_oscillating(config))),
        "sample trace, fitted": _drawing(make_workload(_sample(config))),
    }
    best = {name: min(times) for name, times in _timed(cases).items()}
    base = "its random numbers alone"
    return [
        {
            "name": f"draw an episode: {name}",
            "value": round(microseconds, 2),
            "unit": "us",
            "ratio_to": base,
            "ratio": round(microseconds / best[base], 3),
        }
        for name, microseconds in best.items()
    ]


def _timed(cases: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(REPEATS):
        for name, case in cases.items():
            times[name].append(timeit.timeit(case, number=CALLS) / CALLS * 1e6)
    return times


def _numbers_alone(tasks: int) -> object:
    """Two streams, as many uniforms and gammas as there are tasks: no draw can be cheaper."""
    return stream(1, "arrivals").random(tasks), stream(1, "service").standard_gamma(4, tasks)


def _drawing(workload: Workload, *, shuffled: bool = False) -> Callable[[], object]:
    seeds = count()
    if shuffled:
        return lambda: workload.draw(seed := next(seeds), seed)
    return lambda: workload.draw(next(seeds))


def _oscillating(config: Config) -> Config:
    workload = config.workload
    assert isinstance(workload, PhasesConfig)  # noqa: S101  # the packaged default is made of phases
    swing = OscillationPhase(pattern="oscillation", duration_s=60, min_rate=0.3, max_rate=1.6, cycles=4)
    phases = workload.model_copy(update={"phases": (swing,) * 4})
    return config.model_copy(update={"workload": phases})


def _sample(config: Config) -> Config:
    trace = TraceConfig(kind="trace", file=str(sample_trace_path()))
    return config.model_copy(update={"workload": trace})


if __name__ == "__main__":
    for row in run():
        print(f"{row['name']:45} {row['value']:9.1f} {row['unit']}  {row['ratio']:6.2f} x {row['ratio_to']}")
