"""What a real KEDA 2.21 and the HPA of Kubernetes 1.34 did on Redis lists of known length, against our policy.

``tests/data/keda_cluster.json`` was recorded by ``python -m benchmarks.record_keda``: per ScaledObject, in seconds after its
creation, the lengths of its list, every query of it, every change of ``spec.replicas``.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from agents.autoscalers import INDUSTRY
from autoscaling_env.config import load_config
from tests.agents.autoscalers.test_policies import info_at, seen
from tests.places import DATA

RECORDED: dict[str, Any] = json.loads((DATA / "keda_cluster.json").read_text())
#: What ``record_keda.scaled_object`` says, in our words.
SETTINGS = (
    "agents.keda.list_length=5",
    "agents.keda.cooldown_period_s=40",
    "agents.keda.behavior={scale_down: {stabilization_window_s: 30}}",
)
SPECIAL = {"live": (), "cached": ("agents.keda.use_cached_metrics=true",), "zero": ("farm.min_workers=0",)}
STEP_S = 0.25


def length_at(lengths: list[list[float]], time_s: float) -> int:
    """Return the list's length at a time."""
    return int([length for at_s, length in lengths if at_s <= time_s or at_s <= lengths[0][0]][-1])


def decided(name: str, first_sync_s: float, end_s: float) -> list[tuple[float, int]]:
    """Play our policy on the recorded lengths with syncs in step with the recorded ones; return (time, replicas)."""
    config = load_config(
        assignments=[*SETTINGS, *SPECIAL[name], "farm.initial_workers=1", f"agents.hpa.first_sync_s={first_sync_s}"]
    )
    policy, replicas, changes, steps = INDUSTRY["keda"](config), 1, [(0.0, 1)], int(end_s / STEP_S)
    for step in range(steps):
        time_s = step * STEP_S
        workers = {"requested_workers": replicas, "workers_ready": replicas, "min_workers": config.farm.min_workers}
        info = info_at(time_s, worker_queue=length_at(RECORDED[name]["lengths"], time_s), **workers)
        replicas = policy.decide(seen(), info)
        if replicas != changes[-1][1]:
            changes.append((time_s, replicas))
    return changes


def first_sync_s(name: str) -> float:
    """Return the phase of the HPA's syncs: that of the first change above one replica, which only it makes."""
    above = [at_s for at_s, replicas in RECORDED[name]["replicas"] if replicas > 1]
    return above[0]


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_replicas_are_those_of_the_real_one(name: str) -> None:
    recorded = RECORDED[name]
    ours = decided(name, first_sync_s(name), recorded["replicas"][-1][0] + 5)
    assert [replicas for _, replicas in ours] == [replicas for _, replicas in recorded["replicas"]]


def test_a_cached_list_is_asked_for_at_polls_only_and_another_at_every_sync() -> None:
    cached, live = (gaps(RECORDED[name]["queries"]) for name in ("cached", "live"))
    assert min(cached) > 25
    assert 10 < sorted(live)[len(live) // 2] < 20


def gaps(times_s: list[float]) -> list[float]:
    """Return the seconds between queries, those of one and the same instant taken together."""
    distinct = [after for before, after in pairwise([-1e9, *times_s]) if after - before > 1]
    return [after - before for before, after in pairwise(distinct)]
