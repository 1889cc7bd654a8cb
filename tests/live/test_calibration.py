"""Calibration finds the delays a farm was given, from nothing but its records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from autoscaling_env.config import load_config
from autoscaling_env.config.distributions import Constant, Empirical, ShiftedGamma, Uniform
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.errors import RunError
from autoscaling_env.records import task_frame
from autoscaling_env.testing.backend import steady
from live.calibration import calibrate, collect_times, fit_startup, pickup_delays, summarise
from live.records import frames, verify_run
from simulator.reference.backend import SimBackend
from tests.live.farms import SharedFarms, advance_until, run_out


def test_a_shifted_gamma_is_found_again() -> None:
    truth = ShiftedGamma(shift_s=4.87, shape=2.558, scale_s=0.4836)
    fitted = fit_startup(truth.sample(np.random.default_rng(1), 4000))
    assert isinstance(fitted, ShiftedGamma)
    drawn = [d.sample(np.random.default_rng(2), 100_000) for d in (truth, fitted)]
    expected, found = (np.quantile(d, [0.05, 0.5, 0.95]) for d in drawn)
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_few_values_are_kept_and_equal_ones_are_a_constant() -> None:
    assert fit_startup(np.array([5.0, 6.0, 5.5])) == Empirical(values_s=(5.0, 5.5, 6.0))
    assert summarise(np.full(100, 0.25)) == Constant(value_s=0.25)
    assert summarise(np.empty(0)) is None


def test_quantiles_keep_the_distribution() -> None:
    values_s = np.random.default_rng(3).gamma(2.0, 0.01, 5000)
    summary = summarise(values_s)
    assert isinstance(summary, Empirical)
    assert summary.mean_s == pytest.approx(values_s.mean(), rel=0.02)


def test_pickup_counts_only_tasks_that_met_an_idle_worker() -> None:
    """The simulator knows the truth: its pick-up delay is uniform, and only for those."""
    farm = FarmConfig(
        min_workers=0, max_workers=8, initial_workers=1, collect_s=0.0,
        pickup=Uniform(low_s=0.05, high_s=0.1), startup=Constant(value_s=1.0),
    )  # fmt: skip
    backend, tasks = SimBackend(farm), steady(400, 1.2, 0.7)
    tasks = replace(tasks, arrival_s=np.sort(np.random.default_rng(5).uniform(0, 400 / 1.2, 400)))
    backend.reset(tasks, 1)
    backend.advance(1000.0)
    log = backend.task_log()
    worker = np.full(400, "w")
    delays_s = pickup_delays(tasks.arrival_s, log.started_s, log.finished_s, np.zeros(400), worker)
    assert 50 < len(delays_s) < 350
    assert (delays_s >= 0.05 - 1e-9).all()
    assert (delays_s <= 0.1 + 1e-9).all()


def test_collector_time_leaves_waiting_for_the_collector_out() -> None:
    finished_s = np.array([1.0, 1.0, 1.0, 5.0])
    np.testing.assert_allclose(collect_times(finished_s, np.array([1.2, 1.4, 1.6, 5.2])), 0.2)


def test_tasks_delivered_twice_or_given_up_say_nothing_of_a_healthy_farm(tmp_path: Path) -> None:
    key = {"agent": ["a"] * 3, "episode": [0] * 3, "task": [0, 1, 2]}
    times = {
        "arrival_s": 0.0,
        "service_s": 1.0,
        "started_s": 0.0,
        "finished_s": [1.25, 90.0, 80.0],
        "collected_s": 99.0,
    }
    done = {"worker": list("xyz"), "worker_ready_s": 0.0, "deliveries": [1, 2, 1], "dead": ["", "", "poison"]}
    pd.DataFrame(key | times).to_parquet(tmp_path / "tasks.parquet")
    pd.DataFrame(key | done | {"episode_seed": 1}).to_parquet(tmp_path / "live_tasks.parquet")
    pd.DataFrame({"asked_s": [1.0], "ready_s": [3.0]}).to_parquet(tmp_path / "worker_starts.parquet")
    _, measured = calibrate(tmp_path)
    assert measured.overhead_s.tolist() == [0.25]
    assert measured.startup_s.tolist() == [2.0]


@pytest.mark.live
def test_a_live_run_is_calibrated_and_its_fragment_can_be_loaded(shared: SharedFarms, tmp_path: Path) -> None:
    with shared.farm(startup_s=2.0, collect_s=0.5) as backend:
        backend.reset(steady(40, 2.0, 1.0), 3)
        for workers in (4, 5, 6):
            backend.scale_to(workers)
            advance_until(backend, lambda t, workers=workers: t.workers_ready == workers, f"{workers} ready")  # type: ignore[misc]
        run_out(backend, 40)
        for name, frame in frames(backend, "static", 0).items():
            frame.to_parquet(tmp_path / name)
        task_frame("static", 0, backend.tasks, backend.task_log()).to_parquet(tmp_path / "tasks.parquet")
    farm, measured = calibrate(tmp_path)
    assert len(measured.startup_s) == 3
    # Not sooner than configured; how much later is a matter of the machine. Medians bear a busy one.
    assert (measured.startup_s >= 1.99).all()
    assert np.median(measured.startup_s) < 4.0
    assert 0.5 <= (farm.collect_s or 0.0) < 1.0
    assert 0 <= np.median(measured.overhead_s) < 0.5
    (tmp_path / "farm.yml").write_text(farm.to_yaml())
    loaded = load_config(tmp_path / "farm.yml").farm
    assert (loaded.collect_s, loaded.startup) == (farm.collect_s, farm.startup)
    verdict = verify_run(tmp_path)["static", 0]
    assert (verdict.ok, verdict.passed) == (40, True)


def test_a_run_without_live_records_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="only runs of a live farm have it"):
        calibrate(tmp_path)
