"""What happened, from the cluster's and the consumers' own records; the controller's journal has no say here."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import redis

from autoscaling_env.errors import BackendError
from live.platforms.kubernetes.client import Api, Json

PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """The workers at one instant: wanted, ready, and all pods that are there, starting and leaving ones, too."""

    at_s: float
    wanted: int
    ready: int
    pods: int


class Watch(threading.Thread):
    """Looks at a Deployment and its pods every second, until told to stop.

    Args:
        api: with rights of its own.
        deployment, pods: their paths.

    Attributes:
        looks: what was seen.
        startups_s: pod -> seconds from its making to its being ready; the cluster tells whole seconds.
    """

    def __init__(self, api: Api, deployment: str, pods: str) -> None:
        super().__init__(daemon=True, name="truth")
        self._api, self._deployment, self._pods, self._over = api, deployment, pods, threading.Event()
        self.looks: list[Look] = []
        self.startups_s: dict[str, float] = {}

    def run(self) -> None:
        """Look; where the API server does not answer, the last look stands for the time until it does."""
        while not self._over.wait(PAUSE_S):
            try:
                found, pods = self._api.get(self._deployment), self._api.get(self._pods)["items"]
            except BackendError:
                continue
            ready = int(found.get("status", {}).get("readyReplicas", 0))
            there = sum(pod["status"].get("phase") in {"Pending", "Running"} for pod in pods)
            self.looks.append(Look(time.time(), int(found["spec"]["replicas"]), ready, there))
            self.startups_s |= {pod["metadata"]["name"]: took for pod in pods if (took := _startup_s(pod)) is not None}

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self.join()


def worker_hours(looks: Sequence[Look], what: str, begin_s: float, end_s: float) -> float:
    """Return the hours that ``what`` of the looks adds up to between two Unix times: each holds until the next."""
    times = np.clip([each.at_s for each in looks] + [end_s], begin_s, end_s)
    return float(np.dot([getattr(each, what) for each in looks], np.diff(times)) / 3600)


def served(client: redis.Redis, sent: int) -> tuple[list[Json], dict[str, int]]:
    """Return what the consumers wrote of each task, in order of arrival, and how the books of all tasks add up.

    A line that is there twice was written twice: a client that gets no answer writes again.
    """
    done = {(each["id"], each["start"]): each for each in _told(client)}
    times = Counter(number for number, _ in done)
    books = {
        "sent": sent,
        "done": len(times),
        "lost": sent - len(times),
        "done_twice": sum(count > 1 for count in times.values()),
    }
    return sorted(done.values(), key=lambda each: float(each["at"])), books


def until_served(
    client: redis.Redis, left: Callable[[], Mapping[str, int]], sent: int, within_s: float, quiet_s: float
) -> None:
    """Wait until so many tasks were done, or none is left for a while, or the time is over."""
    give_up = quiet = time.monotonic() + within_s
    while time.monotonic() < min(give_up, quiet) and len({each["id"] for each in _told(client)}) < sent:
        quiet = min(quiet, time.monotonic() + quiet_s) if not any(left().values()) else give_up
        time.sleep(0.5)


def _told(client: redis.Redis) -> list[Json]:
    return [json.loads(line) for line in client.lrange("done", 0, -1)]


def summary(done: Sequence[Json], watch: Watch, begin_s: float, end_s: float, within_s: float) -> dict[str, Any]:
    """Return the figures of an episode."""
    took_s = np.array([each["finish"] - each["at"] for each in done])
    waited_s = np.array([each["start"] - each["at"] for each in done])
    startups_s = list(watch.startups_s.values())
    return {
        "tasks": len(done),
        "in_time": float(np.mean(took_s <= within_s)),
        "response_s": {name: float(np.percentile(took_s, q)) for name, q in (("p50", 50), ("p95", 95), ("p99", 99))},
        "mean_wait_s": float(waited_s.mean()),
        "mean_work_s": float((took_s - waited_s).mean()),
        "worker_hours_wanted": worker_hours(watch.looks, "wanted", begin_s, end_s),
        "worker_hours_of_pods": worker_hours(watch.looks, "pods", begin_s, end_s),
        "worker_hours_ready": worker_hours(watch.looks, "ready", begin_s, end_s),
        "most_wanted": max(each.wanted for each in watch.looks),
        "changes": sum(a.wanted != b.wanted for a, b in zip(watch.looks, watch.looks[1:], strict=False)),
        "pods_started": len(startups_s),
        "startup_s": {"median": float(np.median(startups_s)), "max": max(startups_s)} if startups_s else None,
        "looks": len(watch.looks),
    }


def _startup_s(pod: Json) -> float | None:
    conditions = {each["type"]: each for each in pod["status"].get("conditions", [])}
    ready = conditions.get("Ready", {})
    if ready.get("status") != "True":
        return None
    made, now = pod["metadata"]["creationTimestamp"], ready["lastTransitionTime"]
    return (datetime.fromisoformat(now) - datetime.fromisoformat(made)).total_seconds()
