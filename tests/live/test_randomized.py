"""A live farm follows what is drawn for an episode where that is its own to decide, and refuses the rest."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest

from autoscaling_env.config import default_config
from autoscaling_env.errors import InputError
from autoscaling_env.plugins import make_backend
from autoscaling_env.randomization import Randomization
from autoscaling_env.settings import with_overrides
from autoscaling_env.types import TaskBatch
from live.backend import LiveBackend, randomized
from live.platform import Roster, WorkerCounts
from live.platforms.local.platform import LocalPlatform
from simulator.delays import startup_delays
from tests.live.farms import live_config

DRAW = {"kind": "uniform", "low": 0.5, "high": 2.0, "relative": True}


class NoPlatform(LocalPlatform):
    def __init__(self) -> None:
        pass

    def counts(self, roster: Roster) -> WorkerCounts:
        return WorkerCounts(0, 0, 0, 0, 0)


def drawing(*keys: str, **live: Any) -> Any:
    values = {f"live.{key}": value for key, value in live.items()}
    return with_overrides(default_config(), {"randomize": dict.fromkeys(keys, DRAW), **values})


def test_imposed_start_up_is_the_simulator_s_of_the_same_episode() -> None:
    config = drawing("farm.startup", "workload.service")
    backend = randomized(config, lambda: LiveBackend(config.farm, live_config(), NoPlatform(), "redis://nowhere"))
    nothing = np.empty(0)
    for seed in (3, 4):
        backend.tasks = TaskBatch(nothing, nothing, nothing, seed=seed)
        delays = backend._startup_delays()
        assert delays is not None
        farm = Randomization(config).farm(seed)
        assert farm.startup != config.farm.startup
        np.testing.assert_allclose(list(islice(delays, 70)), startup_delays(farm, seed, 70)[:70] * 0.1)


@pytest.mark.parametrize(("farm", "key"), [("local", "farm.pickup"), ("openfaas", "farm.startup")])
def test_what_a_real_farm_has_of_its_own_is_refused_before_it_is_made(farm: str, key: str) -> None:
    with pytest.raises(
        InputError, match=rf"^randomize.{key}: the farm {farm} has its own; .* workload\.\*, farm\.init"
    ):
        make_backend(farm, drawing(key))


def test_start_up_that_is_not_imposed_is_refused_before_anything_is_started() -> None:
    def never() -> LiveBackend:
        raise AssertionError

    with pytest.raises(InputError, match=r"^randomize.farm.startup: a farm with live.startup: real has its own"):
        randomized(drawing("farm.startup", startup="real"), never)
