"""What it costs to draw the tasks of an episode, beside what its random numbers alone cost.

``python -m benchmarks.bench_workloads`` prints the table; ``run`` returns it for ``make bench``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from autoscaling_env.config import Config, default_config
from autoscaling_env.config.workload import OscillationPhase, PhasesConfig, TraceConfig
from autoscaling_env.rng import stream
from autoscaling_env.workload import Workload
from benchmarks.timing import Work, fastest, row, show
from workloads import make_workload, sample_trace_path

REPEATS, CALLS = 15, 300


def run() -> list[dict[str, Any]]:
    """Return ``{name, value, unit, ratio_to, ratio}``, microseconds of the fastest of 15 x 300 draws each.

    The cases take turns, so that a busy machine slows all of them alike.
    """
    config = default_config()
    reference = make_workload(config)
    tasks = len(reference.draw(0))
    cases: dict[str, Work] = {
        "its random numbers alone": _often(lambda: _numbers_alone(tasks)),
        "reference phases": _drawing(reference),
        "reference phases, shuffled": _drawing(reference, shuffled=True),
        "oscillating phases": _drawing(make_workload(_oscillating(config))),
        "sample trace, fitted": _drawing(make_workload(_sample(config))),
    }
    microseconds = {name: 1e6 / rate for name, rate in fastest(cases, REPEATS).items()}
    base = microseconds["its random numbers alone"]
    return [
        row(f"draw an episode: {name}", value, "us", "its random numbers alone", value / base)
        for name, value in microseconds.items()
    ]


def _numbers_alone(tasks: int) -> object:
    """Two streams, as many uniforms and gammas as there are tasks: no draw can be cheaper."""
    return stream(1, "arrivals").random(tasks), stream(1, "service").standard_gamma(4, tasks)


def _drawing(workload: Workload, *, shuffled: bool = False) -> Work:
    seeds = count()
    if shuffled:
        return _often(lambda: workload.draw(seed := next(seeds), seed))
    return _often(lambda: workload.draw(next(seeds)))


def _often(draw: Callable[[], object]) -> Work:
    return lambda: len([draw() for _ in range(CALLS)])


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
    show(run())
