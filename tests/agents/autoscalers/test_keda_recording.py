"""What a real KEDA 2.21 and the HPA of Kubernetes 1.34 did on Redis lists of known length, against our policy.

``tests/data/keda_cluster.json`` was recorded by ``python -m benchmarks.record_keda``: per ScaledObject, in seconds, the
lengths of its list, every query of it, every change of ``spec.replicas``. Here they count from KEDA's first poll.
"""

from __future__ import annotations

import json
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from agents.autoscalers import INDUSTRY
from autoscaling_env.config import load_config
from tests.agents.autoscalers.test_policies import info_at, seen
from tests.places import DATA

RECORDED: dict[str, dict[str, Any]] = json.loads((DATA / "keda_cluster.json").read_text())
#: What ``record_keda.scaled_object`` says, in our words.
SETTINGS = (
    "agents.keda.list_length=5",
    "agents.keda.cooldown_period_s=40",
    "agents.keda.behavior={scale_down: {stabilization_window_s: 30}}",
)
SPECIAL = {"live": (), "cached": ("agents.keda.use_cached_metrics=true",), "zero": ("farm.min_workers=0",)}
STEP_S = 0.05
#: The recorder looks every quarter of a second, and asking takes it as long.
LATE_S = 0.75


def recorded(name: str, what: str) -> list[tuple[float, int]]:
    """Return (seconds since the first poll, value) of a ScaledObject's ``lengths`` or ``replicas``."""
    first_s = RECORDED[name]["queries"][0]
    return [(at_s - first_s, int(value)) for at_s, value in RECORDED[name][what]]


def length_at(lengths: list[tuple[float, int]], time_s: float) -> int:
    """Return the list's length at a time; the first one was there before."""
    return [length for at_s, length in lengths if at_s <= time_s or at_s == lengths[0][0]][-1]


def decided(name: str, end_s: float) -> list[tuple[float, int]]:
    """Play our policy on the recorded lengths with syncs in step with the recorded ones; return (time, replicas)."""
    first_s, period_s = syncs(name)
    clock = (f"agents.hpa.first_sync_s={first_s}", f"agents.hpa.sync_period_s={period_s}")
    config = load_config(assignments=[*SETTINGS, *SPECIAL[name], *clock, "farm.initial_workers=1"])
    policy, replicas, changes = INDUSTRY["keda"](config), 1, [(0.0, 1)]
    for step in range(int(end_s / STEP_S)):
        time_s = step * STEP_S
        workers = {"requested_workers": replicas, "workers_ready": replicas, "min_workers": config.farm.min_workers}
        info = info_at(time_s, worker_queue=length_at(recorded(name, "lengths"), time_s), **workers)
        replicas = policy.decide(seen(), info)
        if replicas != changes[-1][1]:
            changes.append((time_s, replicas))
    return changes


def syncs(name: str) -> tuple[float, float]:
    """Return the first sync that changed something, and the period.

    Every change but the one to 0 is a sync's. Where nothing is cached a sync is also a query, known more exactly, and
    the next one comes 15 s after it and a little more; what comes earlier is a poll.
    """
    first_s, *_, last_s = (at_s for at_s, replicas in recorded(name, "replicas")[1:] if replicas > 0)
    if name == "cached":
        return first_s, (last_s - first_s) / round((last_s - first_s) / 15)
    gaps_s = [after - before for before, after in pairwise(RECORDED[name]["queries"])]
    return nearest_query_s(name, first_s), median(gap_s for gap_s in gaps_s if 15 <= gap_s < 15.5)


def nearest_query_s(name: str, time_s: float) -> float:
    """Return the query nearest to a time."""
    queries = RECORDED[name]["queries"]
    return min((at_s - queries[0] for at_s in queries), key=lambda at_s: abs(at_s - time_s))


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_a_sync_comes_fifteen_seconds_after_the_last_one_ended(name: str) -> None:
    assert 15.0 < syncs(name)[1] < 15.1


@pytest.mark.parametrize("name", sorted(SPECIAL))
def test_replicas_are_those_of_the_real_one_when_it_had_them(name: str) -> None:
    theirs = recorded(name, "replicas")
    ours = decided(name, theirs[-1][0] + 20)
    assert [replicas for _, replicas in ours] == [replicas for _, replicas in theirs]
    late = [at_s - our_s for (our_s, _), (at_s, _) in zip(ours[1:], theirs[1:], strict=True)]
    assert all(abs(late_s) < LATE_S for late_s in late), late


def test_a_cached_list_is_asked_for_at_polls_only_and_another_at_every_sync() -> None:
    cached, live = (gaps(RECORDED[name]["queries"]) for name in ("cached", "live"))
    assert min(cached) > 25
    assert 10 < sorted(live)[len(live) // 2] < 20


def gaps(times_s: list[float]) -> list[float]:
    """Return the seconds between queries, those of one and the same instant taken together."""
    distinct = [after for before, after in pairwise([-1e9, *times_s]) if after - before > 1]
    return [after - before for before, after in pairwise(distinct)]
