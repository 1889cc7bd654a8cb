"""The pipeline of an HPA on CPU: pods' readings, metrics-server's windows, and where an HPA settles because of them."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers import INDUSTRY
from agents.autoscalers.hpa.metrics_server import MetricsServer, Periods
from agents.autoscalers.hpa.pods import Pod, new_pod, old_pod, spread
from agents.autoscalers.span import Span
from autoscaling_env.types import Info
from tests.agents.autoscalers.test_policies import info_at, trajectory
from tests.agents.autoscalers.test_span import steady

INTERVAL_S, RESOLUTION_S = 10.0, 15.0


def readings(pod: Pod, until_s: float) -> list[tuple[float, int | None]]:
    """Return (time, thousandths) at every scrape of a pod that uses 0.4 CPUs from 40 s on, and none before."""
    told, time_s = [], 7.5
    while time_s <= until_s:
        pod.read(time_s, INTERVAL_S, lambda at_s: 0.4 * max(0.0, at_s - 40))
        pod.scrape(time_s, RESOLUTION_S)
        told.append((time_s, pod.milli()))
        time_s += RESOLUTION_S
    return told


def test_readings_are_one_to_two_intervals_apart_and_windows_touch() -> None:
    pod, windows = new_pod(3, (0.0, 0.0)), set()
    for scrape in range(200):
        time_s = 7.5 + RESOLUTION_S * scrape
        pod.read(time_s, INTERVAL_S, lambda at_s: at_s)
        pod.scrape(time_s, RESOLUTION_S)
        if pod.previous and pod.last:
            windows.add((pod.previous[0], pod.last[0]))
            assert time_s - pod.last[0] < 20, "a reading is at most two intervals old"
    ordered = sorted(windows)
    lengths = [end - start for start, end in ordered]
    assert all(end == start for (_, end), (start, _) in pairwise(ordered))
    assert min(lengths) >= 10
    assert max(lengths) < 40
    assert 14 < fmean(lengths) < 22


def test_a_change_reaches_the_metric_late_and_bit_by_bit() -> None:
    told = dict(readings(old_pod(0, 0.0, 0.0, INTERVAL_S, RESOLUTION_S), 97.5))
    assert told[37.5] == 0
    assert told[97.5] == 400
    between = [told[t] for t in (52.5, 67.5)]
    assert any(0 < value < 400 for value in between if value is not None)


def test_a_new_pod_has_no_metric_until_it_was_read_twice() -> None:
    pod = new_pod(0, (20.0, 0.0))
    told = dict(readings(pod, 82.5))
    known_from_s = min(time_s for time_s, milli in told.items() if milli is not None)
    assert told[22.5] is None
    assert 30 <= known_from_s <= 20 + 20 + RESOLUTION_S


def test_a_pod_between_ten_seconds_and_the_resolution_old_is_measured_from_its_start() -> None:
    pod = Pod(0, (20.0, 5.0), next_s=32.0)
    pod.read(32.0, INTERVAL_S, lambda at_s: 5.0 + (at_s - 20.0) / 2)
    pod.scrape(32.0, RESOLUTION_S)
    assert pod.previous == (20.0, 5.0)
    assert pod.milli() == 500


def test_readings_of_pods_are_spread_evenly() -> None:
    values = sorted(spread(number, 5) for number in range(100))
    assert max(b - a for a, b in pairwise(values)) < 0.03


def server(first: Info) -> MetricsServer:
    """Return a metrics-server over a farm."""
    return MetricsServer(Periods(INTERVAL_S, RESOLUTION_S), first, 1.0)


def test_pods_come_go_and_are_told_apart() -> None:
    full = {"worker_queue": 50, "enqueued_total": 60, "workers_ready": 10, "requested_workers": 10}
    before = info_at(0.0, **full)
    pipeline = server(before)
    now = info_at(8.0, **full | {"requested_workers": 14, "workers_starting": 4, "applied_delta": 4})
    pipeline.advance(Span(before, now))
    pipeline.scrape(7.5)
    usage = pipeline.metric(8.0)
    assert (len(usage.ready_milli), usage.unready, usage.missing) == (10, 4, 0)
    assert set(usage.ready_milli) == {1000}
    before, now = now, info_at(16.0, **full | {"requested_workers": 14, "workers_ready": 14})
    pipeline.advance(Span(before, now))
    early, late = pipeline.metric(11.0), pipeline.metric(15.0)
    assert (len(early.ready_milli), early.unready, early.missing) == (10, 4, 0), "Ready in the middle of the step"
    assert (len(late.ready_milli), late.unready, late.missing) == (10, 0, 4), "Ready, but without a metric"
    gone = info_at(24.0, **full | {"requested_workers": 8, "workers_ready": 8, "applied_delta": -6})
    pipeline.advance(Span(now, gone))
    left = pipeline.metric(24.0)
    assert (len(left.ready_milli), left.unready, left.missing) == (8, 0, 0), "the newest went first"


def test_starting_pods_are_removed_before_ready_ones() -> None:
    before = info_at(8.0, requested_workers=15, workers_starting=3)
    pipeline = server(before)
    pipeline.advance(Span(before, info_at(16.0, requested_workers=11, workers_ready=11, applied_delta=-4)))
    assert len(pipeline.metric(16.0).ready_milli) == 11


def test_a_farm_that_heeds_a_request_only_later_has_no_new_pods_for_it() -> None:
    before = info_at(8.0)
    pipeline = server(before)
    pipeline.advance(Span(before, info_at(16.0, requested_workers=9, applied_delta=-3)))
    assert len(pipeline.metric(16.0).ready_milli) == 12


@given(st.data())
def test_every_requested_worker_is_told_of_once_and_none_uses_more_than_its_request(data: st.DataObject) -> None:
    """A farm that starts, removes and loses workers as it likes."""
    before = info_at(0.0)
    pipeline, ready, starting, done = server(before), 12, 0, 0
    for step in range(1, 15):
        applied = data.draw(st.integers(-ready - starting, 8))
        starting += max(0, applied)
        gone = min(starting, max(0, -applied))
        starting, ready = starting - gone, ready - (max(0, -applied) - gone)
        came = data.draw(st.integers(0, starting))
        starting, ready, done = starting - came, ready + came, done + data.draw(st.integers(0, 100))
        lost = data.draw(st.integers(0, ready)) if data.draw(st.booleans()) else 0
        ready, starting = ready - lost, starting + lost
        busy, facts = data.draw(st.integers(0, ready)), {"workers_ready": ready, "workers_starting": starting}
        facts |= {"requested_workers": ready + starting, "applied_delta": applied}
        now = info_at(8.0 * step, output_queue=done, enqueued_total=done + busy, **facts)
        pipeline.advance(Span(before, now))
        if step % 2:
            pipeline.scrape(8.0 * step - 4)
        usage = pipeline.metric(8.0 * step)
        assert len(usage.ready_milli) + usage.unready + usage.missing == ready + starting
        assert all(0 <= milli <= 1000 for milli in usage.ready_milli)
        before = now


@pytest.mark.parametrize("seed", range(4))
def test_an_hpa_on_cpu_settles_where_its_target_is(seed: int) -> None:
    """8 tasks/s of 1 s at 80 %: 10 workers would do; the highest of twenty 15 s means makes it 11 or 12."""
    config = steady(1.0)
    workers = [workers for _, workers in trajectory(config, INDUSTRY["hpa"](config), seed=seed)]
    settled = workers[75:]
    assert 11 <= fmean(settled) <= 12
    assert pstdev(settled) < 0.6


def test_a_shorter_window_settles_higher() -> None:
    """Because a shorter mean swings more, and the highest of 300 s counts."""
    means = []
    for window_s in (1, 60):
        periods = [f"agents.hpa.metric_resolution_s={window_s}", f"agents.hpa.housekeeping_interval_s={window_s}"]
        config = steady(1.0, *periods)
        means.append(fmean(workers for _, workers in trajectory(config, INDUSTRY["hpa"](config), seed=2)[75:]))
    assert means[0] > means[1] + 0.5
