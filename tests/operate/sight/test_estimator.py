"""Estimates against the truth: a simulated farm whose every task is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.config import load_config
from autoscaling_env.plugins import make_backend
from autoscaling_env.types import TaskBatch
from operate.reading import Fact, Reading
from operate.sight.curve import MOST, ArrivalCurve
from operate.sight.estimator import Estimator
from operate.testing.simulated import SimulatedQueue

EVERYTHING = frozenset({Fact.BACKLOG, Fact.ARRIVED, Fact.COMPLETED, Fact.IN_FLIGHT, Fact.SERVICE})
WORKERS, STEP_S = 8, 8.0


def a_queue(knows, rate=6.0, service_s=1.0, minutes=20, workers=WORKERS):
    rng = np.random.default_rng(5)
    swing = 1 + 0.6 * np.sin(np.arange(minutes * 60) / 90)
    arrival_s = np.sort(np.repeat(np.arange(minutes * 60), rng.poisson(rate * swing)) + rng.random()).astype(float)
    tasks = TaskBatch(arrival_s, rng.gamma(4, service_s / 4, len(arrival_s)), np.full(len(arrival_s), 10.0))
    pickup = {"farm.pickup": ("", {"kind": "constant", "value_s": 0.0})}
    return SimulatedQueue(make_backend("sim", load_config(options=pickup)), tasks, knows=knows, workers=workers)


def sights(queue, estimator, steps=140):
    found = []
    for step in range(steps):
        found.append(estimator.update(step * STEP_S, queue.read(), queue.look().ready))
        queue.pass_s(STEP_S)
    return found[1:], queue.seen[: steps - 1]


def taken(found):
    return np.concatenate([each.took_s for each in found])


@pytest.mark.parametrize(
    ("knows", "within"),
    [
        (EVERYTHING, 0.05),
        (frozenset({Fact.BACKLOG, Fact.ARRIVED, Fact.SERVICE}), 0.15),
        (frozenset({Fact.BACKLOG, Fact.COMPLETED}), 0.15),
        (frozenset({Fact.BACKLOG}), 0.35),
    ],
    ids=["all", "no completions", "no arrivals", "backlog alone"],
)
def test_response_times_are_near_those_that_nobody_timed(knows, within):
    found, truth = sights(a_queue(knows), Estimator(1.0))
    true_s = np.concatenate([each.response_s for each in truth])
    estimated_s = taken(found)
    assert len(estimated_s) == pytest.approx(len(true_s), rel=within)
    assert estimated_s.mean() == pytest.approx(true_s.mean(), rel=within, abs=0.5)
    assert (estimated_s > 10).mean() == pytest.approx((true_s > 10).mean(), abs=max(within / 2, 0.03))


def test_what_is_not_counted_is_named():
    found, _ = sights(a_queue(frozenset({Fact.BACKLOG})), Estimator(1.0), 4)
    assert {"arrived", "completed", "in_flight", "service_s", "missed", "oldest_s"} == set(found[-1].estimated)
    found, _ = sights(a_queue(EVERYTHING), Estimator(1.0), 4)
    assert set(found[-1].estimated) == {"missed", "oldest_s"}


def test_service_time_is_learned_from_busy_workers():
    knows = frozenset({Fact.BACKLOG, Fact.COMPLETED})
    found, _ = sights(a_queue(knows, rate=12.0, service_s=2.0), Estimator(0.5))
    assert found[-1].service_s == pytest.approx(2.0, rel=0.15)
    assert "service_s" in found[-1].estimated


def test_waits_until_the_start_are_shorter_by_the_work():
    finished, _ = sights(a_queue(EVERYTHING), Estimator(1.0))
    started, truth = sights(a_queue(EVERYTHING), Estimator(1.0, until_started=True))
    work_s = np.concatenate([each.service_s for each in truth]).mean()
    assert taken(finished).mean() - taken(started).mean() == pytest.approx(work_s, rel=0.1)


def reading(arrived, completed, backlog=0.0, in_flight=0.0, **more):
    return Reading(backlog=backlog, in_flight=in_flight, arrived_total=arrived, completed_total=completed, **more)


def test_a_counter_that_falls_has_begun_anew():
    estimator = Estimator(1.0)
    estimator.update(0, reading(1000, 1000), 4)
    sight = estimator.update(8, reading(7, 7), 4)
    assert (sight.flow.arrived, sight.flow.completed) == (7, 7)
    assert "arrived_total fell from 1000 to 7" in " ".join(sight.remarks)


@pytest.mark.parametrize(("arrived", "way"), [(5e9, "rose"), (900.0, "fell")])
def test_a_counter_that_somebody_set_is_not_counted(arrived, way):
    estimator = Estimator(1.0)
    estimator.update(0, reading(1000, 1000), 4)
    sight = estimator.update(8, reading(arrived, 1008), 4)
    assert (sight.flow.arrived, sight.flow.completed) == (8, 8)
    assert "arrived" in sight.estimated
    assert f"arrived_total {way} from 1000 to {arrived:.10g}: taken as set by somebody" in sight.remarks[0]
    assert estimator.update(16, reading(arrived + 3, 1011), 4).flow.arrived == 3


def test_a_backlog_that_is_purged_is_not_done():
    estimator = Estimator(1.0)
    estimator.update(0, Reading(backlog=10), 4)
    estimator.update(8, Reading(backlog=5e9), 4)
    sight = estimator.update(16, Reading(backlog=20), 4)
    assert len(sight.done_s) == 0
    assert "tasks left at once: taken as removed by somebody" in " ".join(sight.remarks)
    assert len(estimator.update(24, Reading(backlog=0), 4).done_s) > 0


def test_a_backlog_that_nothing_explains_is_said():
    estimator = Estimator(1.0)
    estimator.update(0, reading(100, 100), 4)
    assert not estimator.update(8, reading(120, 110, 10), 4).remarks
    assert "500 tasks more than" in estimator.update(16, reading(130, 120, 510), 4).remarks[0]


def test_what_somebody_removed_is_not_done():
    estimator = Estimator(1.0)
    estimator.update(0, reading(0, 0, 500), 4)
    assert len(estimator.update(8, reading(20, 20, 500), 4).done_s) == 20
    sight = estimator.update(16, reading(40, 40, 0), 4)
    assert len(sight.done_s) == 20
    assert "500 tasks fewer" in sight.remarks[0]
    assert len(estimator.update(24, reading(60, 50, 10), 4).done_s) == 10


def test_the_age_of_the_oldest_places_what_waited_before_we_looked():
    estimator = Estimator(1.0)
    estimator.update(0, reading(0, 0, 100, oldest_s=50.0), 4)
    sight = estimator.update(10, reading(0, 100), 4)
    assert len(sight.took_s) == 100
    assert sight.took_s.max() == pytest.approx(50, abs=1)
    assert sight.took_s.min() == pytest.approx(10, abs=1)


def test_a_reading_that_is_not_newer_brings_nothing():
    estimator = Estimator(1.0)
    estimator.update(0, reading(10, 10), 4)
    estimator.update(8, reading(20, 20), 4)
    sight = estimator.update(16, reading(20, 20, age_s=8.0), 4)
    assert sight.elapsed_s == 0
    assert len(sight.done_s) == 0


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 1)), min_size=1, max_size=40))
def test_every_task_is_done_once_and_not_before_it_came(steps):
    estimator = Estimator(1.0)
    arrived = completed = 0.0
    done = 0
    estimator.update(0, reading(0, 0), 4)
    for number, (more, share) in enumerate(steps, 1):
        arrived += more
        completed += (arrived - completed) * share
        sight = estimator.update(8.0 * number, reading(arrived, completed, arrived - completed), 4)
        done += len(sight.done_s)
        assert (sight.took_s >= 0).all()
        assert (np.diff(sight.done_s) >= 0).all()
    assert abs(done - completed) <= 1 + 1e-6


def test_a_curve_that_nobody_asks_stays_small():
    curve = ArrivalCurve(0.0)
    for second in range(3 * MOST):
        curve.add(second + 1.0, 2.0)
    assert curve.came_s(0, 2 * 3 * MOST)[-1] == pytest.approx(3 * MOST, rel=0.01)
    assert len(curve._times_s) <= MOST + 1
    curve.forget(2.0 * 3 * MOST)
    assert len(curve._times_s) == 1


def test_work_does_not_seem_to_take_longer_where_bursts_come_and_go():
    rng, service_s, step_s = np.random.default_rng(0), 1.0, 4.0
    estimator, arrived, finishing = Estimator(service_s), 0.0, np.zeros(0)
    seen = []
    for step in range(200):
        rate = 18.0 if step % 30 < 4 else 3.0
        came = step * step_s + np.sort(rng.uniform(0, step_s, rng.poisson(rate * step_s)))
        finishing = np.concatenate([finishing, came + rng.gamma(4.0, service_s / 4, len(came))])
        arrived += len(came)
        now_s = (step + 1) * step_s
        held = float((finishing > now_s).sum())
        told = reading(arrived, float((finishing <= now_s).sum()), backlog=float(rate > 10), in_flight=held)
        seen.append(estimator.update(now_s, told, 24).service_s)
    assert np.mean(seen) == pytest.approx(service_s, abs=0.05)
    assert max(seen) < 1.3 * service_s
