"""What is drawn for an episode follows from its seed, lies where it should, and moves nothing else."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaling_env import ENV_ID
from autoscaling_env.config import default_config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.randomization import Randomization, without_draws
from autoscaling_env.settings import with_overrides
from autoscaling_env.testing.fakes import FixedWorkload, ScriptedBackend, Window, tasks
from simulator.compiled.backend import CompiledBackend

STRETCHED = {"kind": "log_uniform", "low": 0.5, "high": 2.0, "relative": True}
DRAWS: dict[str, Any] = {
    "farm.initial_workers": {"kind": "uniform", "low": 2, "high": 5},
    "farm.pickup.high_s": {"kind": "choice", "values": [0.1, 0.2]},
    "farm.startup": STRETCHED,
    "workload.base_rate_per_min": {"kind": "uniform", "low": 0.5, "high": 1.5, "relative": True},
    "workload.phases.2.rate": {"kind": "uniform", "low": 0.0, "high": 3.0},
}
CONFIG = with_overrides(default_config(), {"randomize": DRAWS})
EVERY = Randomization(CONFIG)


@given(st.integers(0, 2**53 - 1))
def test_values_lie_where_they_may_and_are_the_seed_s(seed: int) -> None:
    values = EVERY.values(seed)
    assert list(values) == sorted(DRAWS)
    assert values == Randomization(CONFIG).values(seed)
    assert values["farm.initial_workers"] in {2, 3, 4, 5}
    assert values["farm.pickup.high_s"] in {0.1, 0.2}
    assert 0.5 <= values["farm.startup"] <= 2.0
    assert 150 <= values["workload.base_rate_per_min"] <= 450
    assert 0 <= values["workload.phases.2.rate"] <= 3
    farm, workload = EVERY.farm(seed), EVERY.workload_with(values)
    assert FarmConfig.model_validate(farm.model_dump()) == farm
    assert type(workload).model_validate(workload.model_dump()) == workload


@given(st.integers(0, 2**53 - 1))
def test_a_part_draws_the_same_numbers(seed: int) -> None:
    of_farm = Randomization(CONFIG, only="farm.").values(seed)
    assert of_farm == {key: value for key, value in EVERY.values(seed).items() if key.startswith("farm.")}


def test_a_section_is_stretched_in_all_its_times() -> None:
    values = EVERY.values(8)
    drawn, declared, factor = EVERY.farm(8).startup, CONFIG.farm.startup, values["farm.startup"]
    assert drawn.mean_s == pytest.approx(factor * declared.mean_s, rel=1e-12)
    rngs = (np.random.default_rng(1) for _ in range(2))
    one, other = drawn.sample(next(rngs), 50), declared.sample(next(rngs), 50)
    np.testing.assert_allclose(one, factor * other, rtol=1e-12)


def test_draws_are_spread_as_they_say() -> None:
    drawn = [EVERY.values(seed) for seed in range(4000)]
    assert np.mean([each["farm.startup"] < 1.0 for each in drawn]) == pytest.approx(0.5, abs=0.03)  # on a log scale
    assert np.mean([each["workload.base_rate_per_min"] for each in drawn]) == pytest.approx(300, abs=6)
    counts = np.bincount([int(each["farm.initial_workers"]) for each in drawn], minlength=6)[2:]
    assert (np.abs(counts - 1000) < 120).all()


def test_what_else_is_drawn_from_a_seed_does_not_move() -> None:
    plain = gymnasium.make(ENV_ID)
    drawn = gymnasium.make(ENV_ID, randomize={"workload.service": STRETCHED})
    for env in (plain, drawn):
        env.reset(options={"episode_seed": 5})
    one, other = (env.unwrapped.batch for env in (plain, drawn))  # type: ignore[attr-defined]
    assert one.arrival_s.tobytes() == other.arrival_s.tobytes()
    np.testing.assert_allclose(other.service_s / one.service_s, (other.service_s / one.service_s)[0], rtol=1e-9)


def test_info_and_only_info_tells() -> None:
    env = gymnasium.make(ENV_ID, randomize=DRAWS)
    observation, info = env.reset(options={"episode_seed": 5})
    assert info["randomized"] == EVERY.values(5)
    assert info["requested_workers"] == EVERY.values(5)["farm.initial_workers"] == observation[4]
    assert observation[5] == np.float32(env.unwrapped.workload.mean_service_s)  # type: ignore[attr-defined]
    assert env.step(1)[4]["randomized"] == info["randomized"]
    assert "randomized" not in gymnasium.make(ENV_ID).reset()[1]


def test_what_was_made_before_cannot_follow_and_is_refused() -> None:
    config = CONFIG.farm
    with pytest.raises(InputError, match=r"^randomize.farm.pickup.high_s: a farm that was made before has its own; "):
        OpenFaaSAutoscalingEnv(backend=CompiledBackend(config), randomize=DRAWS)
    with pytest.raises(InputError, match=r"^randomize.workload.base_rate_per_min: a workload that was made before"):
        OpenFaaSAutoscalingEnv(workload=FixedWorkload(tasks(3)), randomize=DRAWS)
    workers = {"farm.initial_workers": DRAWS["farm.initial_workers"]}
    env = OpenFaaSAutoscalingEnv(
        backend=ScriptedBackend([Window()]), workload=FixedWorkload(tasks(3)), randomize=workers
    )
    assert {env.reset()[1]["requested_workers"] for _ in range(40)} == {2, 3, 4, 5}


def test_what_is_believed_of_a_farm_is_what_was_declared() -> None:
    assert without_draws(CONFIG) == default_config()
