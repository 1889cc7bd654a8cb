"""The environment whose steps the compiled farm plays whole is the one that asks a farm for telemetry, to the bit."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest

from autoscaling_env.env import OpenFaaSAutoscalingEnv
from tests.simulator.test_vector_env import SCENARIOS, config_of


def plain(info: dict[str, Any]) -> dict[str, Any]:
    values = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in info.items()}
    return {name: (value, type(value)) for name, value in values.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_ways_are_the_same(name: str) -> None:
    config = config_of(name)
    whole = OpenFaaSAutoscalingEnv(config=config)
    asked = OpenFaaSAutoscalingEnv(config=config, backend="simpy")
    assert whole.observation_space == asked.observation_space
    rng, count = np.random.default_rng(3), int(whole.action_space.n)  # type: ignore[attr-defined]
    for seed in (4, 5):
        one, two = whole.reset(seed=seed), asked.reset(seed=seed)
        assert one[0].tobytes() == two[0].tobytes()
        assert plain(one[1]) == plain(two[1])
        ended = False
        while not ended:
            action = int(rng.integers(count))
            mine, other = whole.step(action), asked.step(action)
            assert mine[0].dtype == other[0].dtype
            assert mine[0].tobytes() == other[0].tobytes()
            assert (np.float64(mine[1]).tobytes(), *mine[2:4]) == (np.float64(other[1]).tobytes(), *other[2:4])
            assert plain(mine[4]) == plain(other[4])
            ended = bool(mine[2] or mine[3])
        assert all(getattr(whole.batch, part).tobytes() == getattr(asked.batch, part).tobytes() for part in PARTS)
        logs: list[Any] = [env.backend.task_log() for env in (whole, asked)]  # type: ignore[attr-defined]
        assert all(getattr(logs[0], part).tobytes() == getattr(logs[1], part).tobytes() for part in LOGGED)


PARTS = ("arrival_s", "service_s", "deadline_s", "segment_start_s")
LOGGED = ("started_s", "finished_s", "collected_s")


def test_the_farm_can_be_asked_at_any_time() -> None:
    env = OpenFaaSAutoscalingEnv()
    env.reset(seed=1)
    *_, info = env.step(2)
    told = env.backend.advance(1.0)
    assert told.time_s == info["time_s"] + 1.0
    assert told.workers_requested == info["requested_workers"]
    assert told.output_queue >= info["processed_tasks"]


def test_a_picture_is_of_every_step() -> None:
    env = OpenFaaSAutoscalingEnv(render_mode="ansi")
    env.reset(seed=1)
    env.step(1)
    assert "step    1" in env.render()


@pytest.mark.parametrize("action", [1, np.int64(1), np.int8(1), np.array(1), np.array([1]), np.array([[1]])])
def test_one_whole_number_is_an_action(action: Any) -> None:
    env = OpenFaaSAutoscalingEnv()
    env.reset(seed=1)
    assert env.step(action)[4]["requested_delta"] == 0


@pytest.mark.parametrize("action", [-1, 3, 1.0, np.float64(1), np.array([1, 1]), np.zeros(0, dtype=int), "1", None])
def test_anything_else_is_none(action: Any) -> None:
    env = OpenFaaSAutoscalingEnv()
    env.reset(seed=1)
    with pytest.raises(gymnasium.error.InvalidAction, match="must be a whole number from 0 to 2"):
        env.step(action)
