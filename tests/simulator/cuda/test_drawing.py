"""Episodes drawn on the device are of the kind that is drawn everywhere: counts, moments, work, deadlines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from autoscaling_env.config import Config, default_config
from autoscaling_env.errors import InputError
from autoscaling_env.settings import with_overrides
from simulator.cuda.drawing import draw_arrivals, no_plan
from simulator.cuda.vector_env import CudaVectorEnv
from workloads import make_workload
from workloads.phased import PhasedWorkload

LEVELS = 24
ARRIVALS = 200
SIGNIFICANCE = 1e-3
PHASES: list[dict[str, Any]] = [
    {"pattern": "steady", "duration_s": 4.0, "rate": 0.5},
    {"pattern": "ramp", "duration_s": 4.0, "from_rate": 0.0, "to_rate": 2.0},
    {"pattern": "on_off", "duration_s": 6.0, "on_rate": 1.2, "off_rate": 0.0, "on_s": 1.5, "off_s": 1.5},
]
KINDS: dict[str, dict[str, Any]] = {
    "exact": {"kind": "exact"},
    "poisson": {"kind": "poisson"},
    "regular": {"kind": "gamma", "cv": 0.4},
    "clustered": {"kind": "gamma", "cv": 2.0},
}


def config_of(kind: str, *, own: bool = False) -> Config:
    """Return phases of this kind of arrivals; ``own``: each begins anew."""
    phases = [{**phase, "arrivals": KINDS[kind]} for phase in PHASES] if own else PHASES
    changes: dict[str, Any] = {"workload.phases": phases, "environment.max_steps": 4}
    return with_overrides(default_config(), changes | ({} if own else {"workload.arrivals": KINDS[kind]}))


def levels_of(config: Config) -> dict[str, Any]:
    env = CudaVectorEnv(1, config=config, draw="device", pool=LEVELS)
    env.reset(seed=3)
    farms, fetch = env.playing.episodes.farms, env.target.fetch
    told = {name: fetch(getattr(farms, name)) for name in ("tasks", "work_s", "pickup_s", "startup_s")}
    return told | {"deadline_s": fetch(env.playing.episodes.deadline_s), "workload": env.workload}


def of_tasks(levels: dict[str, Any], name: str) -> np.ndarray:
    return np.concatenate([row[:size] for row, size in zip(levels[name], levels["tasks"], strict=True)])


def counts_in(arrivals: list[np.ndarray], start_s: float, end_s: float) -> np.ndarray:
    return np.array([((each >= start_s) & (each < end_s)).sum() for each in arrivals])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("own", [False, True], ids=["one process", "each its own"])
def test_arrivals(kind: str, own: bool) -> None:
    workload = make_workload(config_of(kind, own=own))
    assert isinstance(workload, PhasedWorkload)
    drawn = workload.drawing_plan()
    plan = no_plan()._replace(phases=drawn.phases, knots=drawn.knots)
    room = np.zeros((ARRIVALS if own else 50, drawn.most_tasks + 2))
    sizes = [draw_arrivals(plan, room, 3, level, 0) for level in range(len(room))]
    found = [row[:size] for row, size in zip(room, sizes, strict=True)]
    expected = [workload.draw(seed).arrival_s for seed in range(400)]
    for row, size in zip(room, sizes, strict=True):
        assert (np.diff(row[:size]) >= 0).all()
        assert np.isinf(row[size : size + 2]).all()
        assert size == 0 or (row[0] >= 0 and row[size - 1] < 14.0)
    if kind == "exact":
        assert set(sizes) == {len(each) for each in expected}
    if kind != "clustered":  # its arrivals are no independent ones, not even given their number
        assert stats.ks_2samp(np.concatenate(found), np.concatenate(expected)).pvalue > SIGNIFICANCE
    for start_s, end_s in ((0, 14), (0, 4), (4, 8), (8, 9.5), (11, 14)):
        here, there = counts_in(found, start_s, end_s), counts_in(expected, start_s, end_s)
        assert stats.ks_2samp(here, there).pvalue > SIGNIFICANCE, (start_s, end_s)
        error = np.sqrt(here.var() / len(here) + there.var() / len(there)) + 1e-9
        assert abs(here.mean() - there.mean()) < 4 * error, (start_s, end_s)


def test_work_delays_and_deadlines() -> None:
    found = levels_of(config_of("exact"))
    batch = found["workload"].draw(1)
    work_s, deadline_s = of_tasks(found, "work_s"), of_tasks(found, "deadline_s")
    drawn = np.concatenate([found["workload"].draw(seed).service_s for seed in range(60)])
    assert stats.ks_2samp(work_s, drawn).pvalue > SIGNIFICANCE
    np.testing.assert_allclose(
        np.interp(batch.service_s, np.sort(work_s), np.sort(deadline_s)), batch.deadline_s, atol=0.05
    )
    farm = default_config().farm
    for name, distribution in (("pickup_s", farm.pickup), ("startup_s", farm.startup)):
        delays = of_tasks(found, name) if name == "pickup_s" else found[name].ravel()
        sampled = distribution.sample(np.random.default_rng(2), 5000)
        assert stats.ks_2samp(delays, sampled).pvalue > SIGNIFICANCE, name


def test_every_episode_is_another_where_none_is_kept() -> None:
    def play() -> list[np.ndarray]:
        env = CudaVectorEnv(
            2, config=config_of("poisson"), draw="device", pool=None, autoreset_mode="SameStep", ring=256
        )
        env.reset(seed=3)
        seen = []
        for _ in range(8):  # two episodes
            env.step(np.ones(2, dtype=np.int64))
            seen.append(env.target.fetch(env.playing.episodes.farms.arrival_s)[:, :5])
        env.check()
        return seen

    once = play()
    assert np.array_equal(once, play())
    assert not np.array_equal(once[0], once[-1])
    assert not np.array_equal(once[0][0], once[0][1])


def test_what_a_device_cannot_draw_is_refused() -> None:
    windowed = with_overrides(default_config(), {"workload.phases": PHASES, "workload.arrivals": {"kind": "windowed"}})
    with pytest.raises(InputError, match=r"^workload.arrivals windowed: cannot be drawn on a device; exact, poisson"):
        CudaVectorEnv(2, config=windowed, draw="device").reset()
    with pytest.raises(InputError, match=r"^environment.phase_shuffle: .*\nenvironment.levels: "):
        CudaVectorEnv(2, config=config_of("exact"), draw="device", phase_shuffle=True, levels=3).reset()
    with pytest.raises(InputError, match=r"unknown draw 'devise' \(did you mean 'device'\?\)"):
        CudaVectorEnv(2, draw="devise")
    with pytest.raises(InputError, match=r"^pool None"):
        CudaVectorEnv(2, pool=None)
