"""What is made of the two ends of a step: instants in between, and how much workers worked."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers.span import Span, finished, in_progress, waiting, working
from agents.autoscalers.work import WorkEstimate
from agents.reactive import Static
from autoscaling_env.config import Config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.rng import episode_seeds
from autoscaling_env.types import FloatArray, Info
from tests.agents.autoscalers.test_policies import info_at


@given(st.integers(0, 500), st.integers(0, 500), st.floats(-5, 20))
def test_a_count_changes_evenly_and_never_leaves_its_ends(then: int, now: int, time_s: float) -> None:
    span = Span(info_at(0.0, worker_queue=then), info_at(8.0, worker_queue=now))
    value = span.at(time_s, waiting)
    assert min(then, now) - 1e-9 <= value <= max(then, now) + 1e-9
    if 0 <= time_s <= 8:
        assert value == pytest.approx(then + (now - then) * time_s / 8)


def test_removed_workers_are_gone_at_once_and_new_ones_come_one_after_another() -> None:
    fewer = Span(info_at(0.0, workers_ready=12), info_at(8.0, workers_ready=4))
    more = Span(info_at(0.0, workers_ready=4), info_at(8.0, workers_ready=12))
    assert [fewer.ready_workers(t) for t in (0.0, 4.0, 8.0)] == [4, 4, 4]
    assert [more.ready_workers(t) for t in (0.0, 4.0, 8.0)] == [4, 8, 12]
    assert (fewer.worker_seconds, more.worker_seconds) == (4 * 8, 8 * 8)


def test_before_the_first_step_both_ends_are_one() -> None:
    info = info_at(0.0, worker_queue=7)
    span = Span(info, info)
    assert (span.length_s, span.at(0.0, waiting), span.at(9.0, waiting)) == (0.0, 7, 7)


def played(config: Config, workers: int, seed: int) -> tuple[list[Info], FloatArray]:
    """Play an episode with a constant; return what was shown, and the busy seconds of every step from the task log."""
    env = OpenFaaSAutoscalingEnv(config=config)
    policy = Static(workers)
    observation, info = env.reset(options={"episode_seed": seed})
    infos: list[Info] = [info]
    ended = False
    while not ended:
        target = policy.decide(observation, info)
        observation, _, terminated, truncated, info = env.step(target - config.farm.min_workers)
        infos.append(info)
        ended = terminated or truncated
    log = env.backend.task_log()  # type: ignore[attr-defined]
    started_s, finished_s = log.started_s, np.where(np.isnan(log.finished_s), np.inf, log.finished_s)
    ends_s = np.array([info["time_s"] for info in infos])
    busy_s = np.clip(np.minimum(finished_s, ends_s[:, None]) - started_s, 0, None)
    return infos, np.diff(np.nansum(busy_s, axis=1)).astype(np.float64)


def steady(service_s: float, *more: str) -> Config:
    """Return a farm on which 8 workers' worth of tasks arrives for half an hour; targets are reached at once."""
    return load_config(
        assignments=[
            f"workload.base_rate_per_min={60 * 8 / service_s}",
            "workload.phases=[{name: steady, pattern: steady, duration_s: 1800, rate: 1}]",
            f"workload.service.distribution={{kind: constant, value_s: {service_s}}}",
            "workload.service.min_s=0.01",
            "workload.service.max_s=100",
            "environment.max_steps=225",
            "environment.action=target",
            *more,
        ]
    )


@pytest.mark.parametrize(
    ("service_s", "workers", "guess_s"), [(0.2, 12, 0.2), (1.0, 12, 3.0), (1.0, 9, 1.0), (10.0, 12, 10.0), (30, 12, 5)]
)
def test_the_estimated_work_is_that_of_the_task_log(service_s: float, workers: int, guess_s: float) -> None:
    """Unbiased within 4 %, whatever the guess; and never much worse than counting heads, mostly far better."""
    errors, heads, truth = [], [], []
    for seed in episode_seeds(7, 3):
        infos, busy_s = played(steady(service_s), workers, seed)
        estimate = WorkEstimate(guess_s)
        spans = [Span(before, now) for before, now in pairwise(infos)]
        errors += [estimate.busy_seconds(span) - true for span, true in zip(spans, busy_s, strict=True)]
        heads += [span.mean(in_progress) * span.length_s - true for span, true in zip(spans, busy_s, strict=True)]
        truth += list(busy_s)
    assert abs(np.sum(errors)) < 0.04 * np.sum(truth)
    assert np.std(errors) < (0.5 if service_s <= 1 else 1.3) * np.std(heads)


def test_a_saturated_farm_works_all_the_time() -> None:
    infos, busy_s = played(steady(1.0), 5, seed=3)
    estimate = WorkEstimate(1.0)
    for before, now, true in zip(infos[20:100], infos[21:101], busy_s[20:100], strict=True):
        assert waiting(now) > working(now)
        assert estimate.busy_seconds(Span(before, now)) == pytest.approx(true, abs=1.0)


@given(st.data())
def test_nobody_works_more_than_all_the_time(data: st.DataObject) -> None:
    workers, estimate, done, queue = data.draw(st.integers(1, 20)), WorkEstimate(1.5), 0, 0
    before = info_at(0.0, workers_ready=workers)
    for step in range(1, 20):
        busy = data.draw(st.integers(0, workers))
        done, queue = done + data.draw(st.integers(0, 200)), data.draw(st.integers(0, 50))
        facts = {"workers_ready": workers, "worker_queue": queue, "output_queue": done}
        now = info_at(8.0 * step, enqueued_total=done + queue + busy, **facts)
        assert (finished(now), in_progress(now)) == (done, busy)
        assert 0 <= estimate.busy_seconds(Span(before, now)) <= 8 * workers + 1e-9
        before = now
