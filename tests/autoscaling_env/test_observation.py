"""The sliding window: what is in it, what an empty one reads, and the arrival rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env.config import load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import ConfigError
from autoscaling_env.observation import (
    FIELDS,
    LARGEST,
    Layout,
    ObservationWindow,
    mean_in_order,
    observation_space,
    standard,
)
from autoscaling_env.testing.fakes import ScriptedBackend, Window, tasks

HIGH = observation_space(32).high


def observe(window_s: float, step_s: float, *windows: Window) -> list[np.ndarray]:
    backend = ScriptedBackend(windows)
    window = ObservationWindow(window_s, 1.5, HIGH)
    window.reset(backend.reset(tasks(1), 3))
    return [window.observe(backend.advance(step_s)) for _ in windows]


def test_a_window_longer_than_the_step_keeps_what_it_still_covers() -> None:
    seen = observe(
        3.0,
        2.0,
        Window(finished=[(0.5, 8.0, False), (1.0, 2.0, True)]),
        Window(finished=[(3.0, 4.0, True)]),
        Window(),
        Window(),
    )
    assert [s[6] for s in seen] == [8.0, 4.0, 4.0, 1.5]  # at 4 s the window starts at 1 s, and holds it
    assert [s[8] for s in seen] == [0.5, 1.0, 1.0, 1.0]
    assert seen[1][5] == 3.0


def test_a_window_shorter_than_the_step_forgets_within_it() -> None:
    seen = observe(1.0, 4.0, Window(finished=[(2.9, 9.0, False), (3.0, 1.0, True)]))
    assert seen[0][5:9].tolist() == [1.0, 1.0, 0.0, 1.0]


def test_arrival_rate_is_the_counter_difference_over_time() -> None:
    counts = [8, 24, 24, 56]
    seen = observe(8.0, 4.0, *[Window(enqueued_total=count) for count in counts])
    assert [s[7] for s in seen] == [2.0, 3.0, 2.0, 4.0]


def test_counts_beyond_what_float32_holds_are_clipped() -> None:
    seen = observe(8.0, 8.0, Window(worker_queue=2**30, enqueued_total=2**40))
    assert seen[0][1] == LARGEST
    assert seen[0] in observation_space(32)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_mean_adds_in_order(values: list[float]) -> None:
    total = 0.0
    for value in values:
        total += value
    assert mean_in_order(np.array(values)) == total / len(values)


@given(st.lists(st.tuples(st.floats(0.01, 5), st.integers(0, 6)), min_size=1, max_size=12), st.floats(0.5, 20))
def test_the_window_is_exactly_what_was_collected_in_it(steps: list[tuple[float, int]], window_s: float) -> None:
    window = ObservationWindow(window_s, 1.5, HIGH)
    backend = ScriptedBackend([Window()])
    window.reset(backend.reset(tasks(1), 1))
    rng, now, everything = np.random.default_rng(1), 0.0, []
    for length_s, count in steps:
        rows = sorted(
            (now + share * length_s, float(value), bool(value < 1)) for share, value in rng.random((count, 2))
        )
        rows = [row for row in rows if row[0] < now + length_s]
        everything += rows
        seen = window.observe(ScriptedStep(now := now + length_s, rows).telemetry())
        inside = [row for row in everything if row[0] >= now - window_s]
        expected = np.mean([row[1] for row in inside]) if inside else 1.5
        assert seen[5] == pytest.approx(expected, rel=1e-6)
        assert seen[8] == pytest.approx(np.mean([row[2] for row in inside]) if inside else 1.0)


class ScriptedStep:
    """One telemetry at a given time."""

    def __init__(self, time_s: float, rows: list[tuple[float, float, bool]]) -> None:
        self._time_s, self._rows = time_s, rows

    def telemetry(self):
        backend = ScriptedBackend([Window(finished=self._rows)])
        backend.reset(tasks(1), 1)
        return backend.advance(self._time_s)


def test_a_list_is_seen_with_its_past() -> None:
    listed: list[Any] = ["worker_queue", {"field": "arrival_rate", "history": 3}, "workers_starting", "progress"]
    env = OpenFaaSAutoscalingEnv(backend="simpy", observation=listed)
    names = ("worker_queue", "arrival_rate[-2]", "arrival_rate[-1]", "arrival_rate", "workers_starting", "progress")
    usual = OpenFaaSAutoscalingEnv(backend="simpy")
    (seen, info), (fields, others) = env.reset(seed=2), usual.reset(seed=2)
    rates = [float(fields[7])] * 3  # before the start it was as at the start
    for step in range(6):
        assert info["observation_fields"] == names
        assert info["standard_observation"].tolist() == fields.tolist() == standard(seen, info).tolist()
        assert {key: info[key] for key in others} == others
        assert env.observation_space.contains(seen)
        rates = [*rates[1:], float(fields[7])]
        assert seen.tolist() == [fields[1], *rates, others["workers_starting"], np.float32(step / 30)]
        (seen, *_, info), (fields, *_, others) = env.step(2), usual.step(2)


def test_bounds_are_those_of_what_is_seen() -> None:
    env = OpenFaaSAutoscalingEnv(
        backend="simpy", observation=["applied_delta", {"field": "workers", "history": 2}, "qos_rate"]
    )
    space: Any = env.observation_space
    assert space.low.tolist() == [-LARGEST, 0, 0, 0]
    assert space.high.tolist() == [LARGEST, 32, 32, 1]


def test_the_standard_observation_is_the_nine_fields() -> None:
    layout = Layout.of(load_config())
    assert layout.is_standard
    assert layout.names == FIELDS
    assert layout.space == observation_space(32)


def test_every_problem_of_a_list_is_said() -> None:
    config = load_config(assignments=["environment.observation=[worker_que, workers, requested_workers]"])
    with pytest.raises(ConfigError) as error:
        Layout.of(config)
    first, second = error.value.problems
    assert "environment.observation.0: unknown field 'worker_que' (did you mean 'worker_queue'?)" in first
    assert second == "environment.observation.2: 'requested_workers' is seen already; say `history` for its past"
