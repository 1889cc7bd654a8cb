"""From a live run's records to the simulator's farm: start-up, pick-up, overhead and collector, fitted.

Everything is in episode seconds, so the result holds for the run's ``time_scale``: a platform's real 5 ms are
50 ms of an episode at 0.1.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from ruamel.yaml import YAML

from autoscaling_env.config.distributions import Constant, Distribution, Empirical, ShiftedGamma
from autoscaling_env.errors import RunError
from autoscaling_env.types import FloatArray
from live.records import read

#: Fewer measured values than this are used as they are.
MIN_FIT = 20
#: Long samples are kept as this many quantiles.
QUANTILES = 41
#: A spread below this (s) is none.
NEGLIGIBLE_S = 1e-4


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run measured, episode seconds, one entry per event; NaN-free.

    Attributes:
        startup_s: from asking for a worker to its being ready.
        pickup_s: from a task's arrival to its start, where its worker was idle when it arrived.
        overhead_s: time in the worker beyond the task's service time.
        collect_s: from a result (or from the collector being free) to its being counted.
    """

    startup_s: FloatArray
    pickup_s: FloatArray
    overhead_s: FloatArray
    collect_s: FloatArray


@dataclass(frozen=True, slots=True)
class FarmFit:
    """The part of ``farm`` that a run determines; None: the run did not measure it."""

    startup: Distribution | None
    pickup: Distribution | None
    service_overhead: Distribution | None
    collect_s: float | None

    def to_yaml(self) -> str:
        """Return a configuration fragment for ``--config``."""
        farm: dict[str, object] = {}
        for name in ("pickup", "collect_s", "startup", "service_overhead"):
            value = getattr(self, name)
            if value is not None:
                farm[name] = value if isinstance(value, float) else value.model_dump(mode="json")
        text = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = None
        yaml.dump({"farm": farm}, text)
        return text.getvalue()


def calibrate(run: Path) -> tuple[FarmFit, Measured]:
    """Fit the farm of a recorded live run; the measured values come along for the report.

    Raises:
        RunError: the run is not a live one, or collected no task.
    """
    measured = measure(run)
    if len(measured.overhead_s) == 0:
        raise RunError(f"{run}: no task was finished in this run; calibrate needs one that was")
    return fit(measured), measured


def measure(run: Path) -> Measured:
    """Read what a run measured. Tasks delivered more than once tell nothing about a healthy farm and are left out."""
    keys = ["agent", "episode", "task"]
    live = read(run, "live_tasks.parquet").drop(columns="episode_seed")
    tasks = read(run, "tasks.parquet").merge(live, on=keys)
    tasks = tasks[(tasks["deliveries"] == 1) & (tasks["dead"] == "") & tasks["collected_s"].notna()]
    starts = read(run, "worker_starts.parquet")
    episodes = [episode for _, episode in tasks.groupby(["agent", "episode"], sort=False)]
    columns = [
        [episode[name].to_numpy(np.float64) for name in _COLUMNS] + [episode["worker"].to_numpy()]
        for episode in episodes
    ]
    return Measured(
        startup_s=(starts["ready_s"] - starts["asked_s"]).to_numpy(np.float64),
        pickup_s=_joined([pickup_delays(a, s, f, ready, worker) for a, _, s, f, _, ready, worker in columns]),
        overhead_s=_joined([np.maximum(f - s - service, 0.0) for _, service, s, f, _, _, _ in columns]),
        collect_s=_joined([collect_times(f, c) for _, _, _, f, c, _, _ in columns]),
    )


_COLUMNS = ("arrival_s", "service_s", "started_s", "finished_s", "collected_s", "worker_ready_s")


def pickup_delays(
    arrival_s: FloatArray, started_s: FloatArray, finished_s: FloatArray, ready_s: FloatArray, worker: np.ndarray
) -> FloatArray:
    """Return started - arrival of the tasks whose worker was ready and idle when they arrived. All of length n."""
    order = np.lexsort((started_s, worker))
    same = worker[order][1:] == worker[order][:-1]
    free_s = ready_s[order].copy()
    free_s[1:] = np.where(same, finished_s[order][:-1], free_s[1:])
    idle = arrival_s[order] >= free_s
    waited_s: FloatArray = np.maximum(started_s[order][idle] - arrival_s[order][idle], 0.0)
    return waited_s


def collect_times(finished_s: FloatArray, collected_s: FloatArray) -> FloatArray:
    """Return what the collector spent on each result: since it was there, and the one before was done with."""
    order = np.lexsort((finished_s, collected_s))
    before = np.concatenate([[-np.inf], collected_s[order][:-1]])
    spent_s: FloatArray = np.maximum(collected_s[order] - np.maximum(finished_s[order], before), 0.0)
    return spent_s


def fit(measured: Measured) -> FarmFit:
    """Fit distributions the simulator can draw from."""
    return FarmFit(
        startup=fit_startup(measured.startup_s),
        pickup=summarise(measured.pickup_s),
        service_overhead=summarise(measured.overhead_s),
        collect_s=round(float(np.median(measured.collect_s)), 6) if len(measured.collect_s) else None,
    )


def fit_startup(values_s: FloatArray) -> Distribution | None:
    """Fit a minimum plus a gamma by maximum likelihood, the minimum by profile; few values are taken as they are."""
    if len(values_s) < MIN_FIT or np.ptp(values_s) < NEGLIGIBLE_S:
        return summarise(values_s)
    low, spread = float(values_s.min()), float(np.ptp(values_s))
    shifts = np.unique(np.maximum(0.0, low - spread * np.geomspace(1e-2, 2.0, 40)))
    fits = [(shift, *_gamma_fit(values_s - shift)) for shift in shifts]
    shift, shape, scale = max(
        fits, key=lambda f: float(scipy.stats.gamma.logpdf(values_s - f[0], f[1], scale=f[2]).sum())
    )
    return ShiftedGamma(shift_s=round(shift, 6), shape=round(shape, 6), scale_s=round(scale, 9))


def _gamma_fit(values_s: FloatArray) -> tuple[float, float]:
    shape, _, scale = scipy.stats.gamma.fit(values_s, floc=0)
    return float(shape), float(scale)


def summarise(values_s: FloatArray) -> Distribution | None:
    """Return the values as a constant, as they are, or as their quantiles; None if there are none."""
    if len(values_s) == 0:
        return None
    if np.ptp(values_s) < NEGLIGIBLE_S:
        return Constant(value_s=round(float(np.median(values_s)), 6))
    if len(values_s) > QUANTILES:
        values_s = np.quantile(values_s, (np.arange(QUANTILES) + 0.5) / QUANTILES)
    return Empirical(values_s=tuple(np.round(np.sort(values_s), 6).tolist()))


def _joined(parts: list[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.empty(0)
