"""Whom Kubernetes shall remove first: said by deletion costs, since the count alone does not say who is busy.

The ReplicaSet controller removes, in this order: pods without a node, pending ones, running ones that are not
ready, then by deletion cost (lowest first). Workers have no readiness probe, so the costs order all that run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from autoscaling_env.errors import BackendError
from live.platform import Roster, WorkerRecord
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.deaths import host_of
from live.platforms.kubernetes.errors import ClusterRefused
from live.platforms.kubernetes.names import DELETION_COST
from live.platforms.kubernetes.pods import Pod

logger = logging.getLogger(__name__)

#: Costs are written this many at a time.
AT_ONCE = 8


def by_host(roster: Roster, dead: Iterable[str] = ()) -> dict[str, WorkerRecord]:
    """Return the living worker of each pod; of two in one pod the one that holds a task."""
    gone = set(dead)
    found: dict[str, WorkerRecord] = {}
    for record in roster:
        if record.name not in gone and (host_of(record.name) not in found or record.task is not None):
            found[host_of(record.name)] = record
    return found


def removal_order(pods: Iterable[Pod], workers: Mapping[str, WorkerRecord]) -> list[Pod]:
    """Return ``pods`` with those to be removed first in front: starting, then idle, then free soonest."""

    def rank(pod: Pod) -> tuple[int, int, float, str]:
        record = workers.get(pod.name)
        if record is None:
            return 0, 0 if pod.gated else 1 if not pod.running else 2, 0.0, pod.name
        return (1, 0, 0.0, pod.name) if record.task is None else (2, 0, record.free_in_s, pod.name)

    return sorted(pods, key=rank)


def costs(pods: Iterable[Pod], victims: Iterable[Pod]) -> dict[str, int | None]:
    """Return the costs to be written: below 0 for ``victims`` in their order, none for all others.

    Pods that already say so are left out.
    """
    ordered = [pod.name for pod in victims]
    wanted = {name: place - len(ordered) for place, name in enumerate(ordered)}
    return {pod.name: wanted.get(pod.name) for pod in pods if pod.cost != wanted.get(pod.name, 0)}


class DeletionCosts:
    """Writes costs into pods. What cannot be written is told: Kubernetes then may hit busy ones, which finish first.

    Args:
        pods: the path of all pods of the namespace.
    """

    def __init__(self, api: Api, pods: str) -> None:
        self._api, self._path = api, pods
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deletion-cost")

    def write(self, pods: Iterable[Pod], victims: Iterable[Pod], *, within_s: float) -> None:
        """Have ``victims`` removed before all other ``pods``, in their order."""
        wanted = costs(pods, victims)
        for failed in self._pool.map(lambda pod: self._write(pod, wanted[pod], within_s), wanted):
            if failed:
                logger.warning("Kubernetes may remove a busy worker first: %s", failed)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False)

    def _write(self, pod: str, cost: int | None, within_s: float) -> str:
        annotations = {DELETION_COST: None if cost is None else str(cost)}
        try:
            self._api.patch(f"{self._path}/{pod}", {"metadata": {"annotations": annotations}}, within_s=within_s)
        except ClusterRefused as error:
            return "" if error.status == 404 else str(error)
        except BackendError as error:
            return str(error)
        return ""
