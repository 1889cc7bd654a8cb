"""The rules as policies: their clocks inside the episode, their targets, and the way to an action."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.autoscalers import INDUSTRY
from agents.autoscalers.base import Instants
from agents.autoscalers.span import Span, in_progress
from agents.autoscalers.work import ServiceEstimate
from autoscaling_env.actions import nearest_action
from autoscaling_env.config import Config, default_config, load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError
from autoscaling_env.policy import Policy
from autoscaling_env.rollout import play_episode
from autoscaling_env.types import Observation

every = pytest.mark.parametrize("name", sorted(INDUSTRY))


def info_at(time_s: float, **facts: Any) -> dict[str, Any]:
    """Return an ``info`` of a quiet farm with 12 idle workers, changed by ``facts``."""
    quiet = {
        "step": int(time_s // 8),
        "time_s": time_s,
        "requested_workers": 12,
        "workers_ready": 12,
        "workers_starting": 0,
        "workers_draining": 0,
        "applied_delta": 0,
        "busy_workers": 0,
        "input_queue": 1,
        "worker_queue": 0,
        "result_queue": 0,
        "output_queue": 0,
        "enqueued_total": 0,
        "action_deltas": (),
        "min_workers": 1,
        "max_workers": 32,
        "step_duration_s": 8.0,
    }
    return quiet | facts


def seen(rate: float = 0.0) -> Observation:
    """Return an observation with only an arrival rate."""
    observation = np.zeros(9, dtype=np.float32)
    observation[7] = rate
    return observation


def change(policy: Policy, info: dict[str, Any], rate: float = 0.0) -> int:
    """Return the change of the worker count a policy asks for."""
    return policy.decide(seen(rate), info) - int(info["requested_workers"])


def trajectory(config: Config, policy: Policy, seed: int = 7) -> list[tuple[int, int]]:
    """Play an episode; return (requested change, workers) of every step."""
    rows: list[tuple[int, int]] = []
    env = OpenFaaSAutoscalingEnv(config=config)
    play_episode(
        env,
        policy,
        agent="x",
        episode=0,
        episode_seed=seed,
        on_step=lambda _observation, _reward, info: rows.append((info["requested_delta"], info["requested_workers"])),
    )
    return rows


@given(st.floats(0.1, 50), st.floats(0, 50), st.lists(st.floats(0, 30), max_size=20))
def test_every_instant_is_handed_out_once_and_in_order(period_s: float, first_s: float, waits: list[float]) -> None:
    instants, now, seen_s = Instants(period_s, first_s), 0.0, []
    for wait in (0.0, *waits):
        now += wait
        seen_s += list(instants.due(now))
        assert all(instant_s <= now for instant_s in seen_s)
    assert seen_s == [first_s + i * period_s for i in range(len(seen_s))]
    assert first_s + len(seen_s) * period_s > now


@every
class TestEveryPolicy:
    def test_is_a_policy(self, name: str) -> None:
        assert isinstance(INDUSTRY[name](default_config()), Policy)

    def test_reset_makes_a_fresh_one(self, name: str) -> None:
        policy = INDUSTRY[name](default_config())
        first = trajectory(default_config(), policy)
        assert trajectory(default_config(), policy) == first
        assert trajectory(default_config(), INDUSTRY[name](default_config())) == first

    def test_follows_its_target_one_worker_a_step(self, name: str) -> None:
        policy = INDUSTRY[name](default_config())
        for step in range(20):
            facts = {"worker_queue": 400, "enqueued_total": 400, "action_deltas": (-1, 0, 1)}
            info = info_at(8.0 * step, **facts)
            wanted = policy.decide(seen(9.0), info)
            action = nearest_action(wanted, info)
            assert wanted == policy.target  # type: ignore[attr-defined]
            assert info["action_deltas"][action] == np.sign(policy.target - 12)  # type: ignore[attr-defined]

    def test_stays_within_the_farms_bounds_in_direct_mode(self, name: str) -> None:
        config = load_config(assignments=["environment.action=target"])
        rows = trajectory(config, INDUSTRY[name](config))
        assert all(1 <= workers <= 32 for _, workers in rows)

    def test_a_target_is_reached_at_once_in_direct_mode(self, name: str) -> None:
        policy, workers = INDUSTRY[name](default_config()), 12
        for step in range(40):
            facts = {"requested_workers": workers, "workers_ready": workers, "busy_workers": workers}
            info = info_at(8.0 * step, worker_queue=300, enqueued_total=300 + workers, **facts)
            workers += change(policy, info, rate=9.0)
            assert workers == policy.target  # type: ignore[attr-defined]


def test_hpa_syncs_every_fifteen_seconds() -> None:
    config = load_config(assignments=["agents.hpa.metric=queue_per_worker", "agents.hpa.target=5"])
    policy = INDUSTRY["hpa"](config)
    changes = {t: change(policy, info_at(t, worker_queue=100)) for t in (0.0, 8.0, 16.0)}
    assert changes == {0.0: 0, 8.0: 0, 16.0: 8}  # the sync of 15 s falls into the step that ends at 16 s


def test_an_hpa_that_was_there_before_syncs_when_told() -> None:
    settings = ["agents.hpa.metric=queue_per_worker", "agents.hpa.target=5", "agents.hpa.first_sync_s=5"]
    policy = INDUSTRY["hpa"](load_config(assignments=[*settings, "agents.hpa.scrape_interval_s=0.5"]))
    assert [change(policy, info_at(t, worker_queue=100)) for t in (0.0, 8.0)] == [0, 8]
    assert change(policy, info_at(16.0, worker_queue=0)) == 8, "the next one is at 20 s"
    assert change(policy, info_at(24.0, worker_queue=400)) > 8


def test_an_hpa_over_no_replicas_is_refused_rather_than_played_without_workers() -> None:
    config = load_config(assignments=["farm.min_workers=0", "farm.initial_workers=0"])
    with pytest.raises(InputError, match=r"hpa: farm.initial_workers is 0"):
        INDUSTRY["hpa"](config)


def test_hpa_on_utilisation_takes_starting_workers_for_unready() -> None:
    policy = INDUSTRY["hpa"](default_config())
    busy = {"workers_ready": 10, "busy_workers": 10, "requested_workers": 10, "worker_queue": 20, "enqueued_total": 30}
    assert change(policy, info_at(0.0, **busy)) == 0
    assert change(policy, info_at(16.0, **busy)) == 3  # 100 % of 80 %: ceil(1.25 * 10)
    starting = busy | {"requested_workers": 13, "workers_starting": 3}
    assert change(policy, info_at(32.0, **starting)) == 0  # with three at 0 %: 76 of 80 % is within 10 %


def test_keda_wakes_at_a_poll_and_leaves_the_rest_to_its_hpa() -> None:
    config = load_config(assignments=["farm.min_workers=0", "farm.initial_workers=0"])
    policy = INDUSTRY["keda"](config)
    asleep = {"requested_workers": 0, "workers_ready": 0, "min_workers": 0}
    assert change(policy, info_at(0.0, **asleep)) == 0
    assert change(policy, info_at(16.0, worker_queue=50, **asleep)) == 0, (
        "at 0 the HPA is off; the next poll is at 30 s"
    )
    assert change(policy, info_at(32.0, worker_queue=50, **asleep)) == 4, "poll at 30 s: 1, sync at 30 s: max(2 * 1, 4)"


@pytest.mark.parametrize(("cached", "target"), [("false", 17), ("true", 15)])  # ceil(82 / 5), ceil(75 / 5)
def test_a_sync_reads_the_list_as_it_was_at_its_instant_or_was_polled(cached: str, target: int) -> None:
    """From 75 to 83 within a step of 8 s: 82 at 15 s, the first sync; in the cache is what was polled at 0 s."""
    policy = INDUSTRY["keda"](load_config(assignments=[f"agents.keda.use_cached_metrics={cached}"]))
    queues = {0.0: 75, 8.0: 75, 16.0: 83}
    assert [change(policy, info_at(t, worker_queue=q)) for t, q in queues.items()] == [0, 0, target - 12]


def test_the_cache_is_read_anew_at_every_poll() -> None:
    policy = INDUSTRY["keda"](load_config(assignments=["agents.keda.use_cached_metrics=true"]))
    queues = {0.0: 60, 8.0: 100, 16.0: 100, 24.0: 100, 32.0: 100}
    assert [change(policy, info_at(t, worker_queue=q)) for t, q in queues.items()] == [0, 0, 0, 0, 8]


def test_a_queue_metric_is_as_old_as_the_last_scrape() -> None:
    """Scraped at 7.5 s and 37.5 s: the syncs of 15 s and 30 s are told of 60 tasks, the one of 45 s of 150."""
    settings = ["agents.hpa.metric=queue_per_worker", "agents.hpa.target=5"]
    policy = INDUSTRY["hpa"](load_config(assignments=settings))
    queues = {0.0: 60, 8.0: 60, 16.0: 150, 24.0: 150, 32.0: 150, 40.0: 150, 48.0: 150}
    assert [change(policy, info_at(t, worker_queue=q)) for t, q in queues.items()] == [0, 0, 0, 0, 0, 0, 12]


def test_keda_goes_to_zero_after_the_cooldown() -> None:
    config = load_config(assignments=["farm.min_workers=0"])
    policy = INDUSTRY["keda"](config)
    workers, at_zero = 12, None
    for step in range(100):
        busy = {"worker_queue": 60} if step == 0 else {}
        info = info_at(8.0 * step, requested_workers=workers, workers_ready=workers, min_workers=0, **busy)
        workers += change(policy, info)
        at_zero = at_zero if at_zero is not None or workers else 8.0 * step
    assert at_zero == 336.0  # active at 0 s; the first poll after 300 s of cooldown, strictly, is at 330 s


def test_kpa_starts_in_panic_and_follows_concurrency_upwards() -> None:
    policy = INDUSTRY["kpa"](default_config())
    assert change(policy, info_at(0.0)) == 0
    assert change(policy, info_at(8.0)) == 0, "built over 12 ready pods: no scale-down for a stable window"
    assert change(policy, info_at(16.0, worker_queue=12, busy_workers=12, enqueued_total=24)) > 0


def test_openfaas_counts_finished_tasks() -> None:
    policy = INDUSTRY["openfaas-ce"](default_config())
    changes = []
    for step in range(8):
        done = 48 * step
        changes.append(change(policy, info_at(8.0 * step, output_queue=done, enqueued_total=done)))
    assert changes == [0, 0, 0, 0, 0, 4, 4, 4]  # firing at 30 s, told at 35 s: ceil(32 / 100 * 10) more


def test_the_gateway_scales_from_zero_when_a_task_asks() -> None:
    config = load_config(assignments=["farm.min_workers=0", "farm.initial_workers=0"])
    policy = INDUSTRY["openfaas-ce"](config)
    asleep = {"requested_workers": 0, "workers_ready": 0, "min_workers": 0}
    assert change(policy, info_at(0.0, **asleep)) == 0
    assert change(policy, info_at(8.0, **asleep)) == 0, "nobody asks"
    assert change(policy, info_at(16.0, worker_queue=1, enqueued_total=1, **asleep)) == 1
    assert sum(workers for _, workers in trajectory(config, INDUSTRY["openfaas-ce"](config))) > 20


def test_backlog_counts_only_ready_workers() -> None:
    policy = INDUSTRY["backlog"](default_config())
    changes = [change(policy, info_at(60.0 * k, worker_queue=46)) for k in range(4)]
    assert changes == [0, 0, 0, 11]  # acceptable: 3 s / 1.5 s = 2 a worker; 46 / 2 = 23


def test_staffing_waits_for_a_first_rate() -> None:
    policy = INDUSTRY["sqrt-staffing"](default_config())
    assert change(policy, info_at(0.0)) == 0
    assert change(policy, info_at(8.0), rate=5.0) == -1  # 7.5 + sqrt(7.5) = 10.24


def test_in_progress_counts_draining_workers_too() -> None:
    assert in_progress(info_at(0.0, enqueued_total=20, worker_queue=5, result_queue=1, output_queue=4)) == 10


def test_keda_as_seen_on_a_real_cluster() -> None:
    """40 entries in a Redis list and a listLength of 5: real KEDA 2.21 and the real HPA went 1, 4, 8 replicas."""
    policy, workers, seen_workers = INDUSTRY["keda"](default_config()), 1, [1]
    for step in range(7):
        info = info_at(8.0 * step, requested_workers=workers, workers_ready=workers, worker_queue=40)
        workers += change(policy, info)
        if workers != seen_workers[-1]:
            seen_workers.append(workers)
    assert seen_workers == [1, 4, 8]


@given(st.integers(1, 30), st.floats(0.2, 20))
def test_the_service_time_is_found_whatever_the_guess(workers: int, service_s: float) -> None:
    """``workers`` always busy finish ``workers / service_s`` tasks a second."""
    estimate, found, before = ServiceEstimate(1.5), 0.0, info_at(0.0, enqueued_total=workers)
    for step in range(1, 2001):
        finished = int(8.0 * step * workers / service_s)
        now = info_at(8.0 * step, output_queue=finished, enqueued_total=finished + workers)
        found, before = estimate.update(Span(before, now)), now
    assert found == pytest.approx(service_s, rel=0.1)
