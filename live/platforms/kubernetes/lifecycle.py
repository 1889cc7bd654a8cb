"""``autoscale farm up | status | down``: the farm's objects without an episode."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import FarmView, Progress
from live.backend import farm_spec
from live.platforms.kubernetes import objects
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from live.platforms.kubernetes.farm import addresses
from live.platforms.kubernetes.names import PART_OF, PROJECT, ROLE, Names
from live.platforms.kubernetes.pods import read_pod

LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """One row of `farm status`.

    Attributes:
        role: emitter, collector or worker.
        wanted: pods asked for.
        ready: pods whose function runs.
        trouble: why others do not start, or "".
    """

    role: str
    wanted: int
    ready: int
    trouble: str = ""


class KubernetesLifecycle:
    """See ``Lifecycle``."""

    attended = False

    @contextmanager
    def up(self, config: Config, workers: int, progress: Progress) -> Iterator[FarmView]:
        """See ``Lifecycle.up``."""
        yield FarmView.of(farm_up(config, workers, progress))

    def status(self, config: Config) -> FarmView:
        """See ``Lifecycle.status``."""
        return FarmView.of(farm_status(config))

    def down(self, config: Config) -> bool:
        """See ``Lifecycle.down``."""
        farm_down(config)
        return True


def farm_up(config: Config, workers: int = 0, progress: Progress = lambda ready, wanted: None) -> list[RoleStatus]:
    """Create the farm with ``workers`` workers and wait until its pods run; may be repeated.

    Workers are ready once an episode runs; until then it counts that they have been started.

    Raises:
        BackendError: a pod cannot start, or not all do in ``live.kubernetes.open_timeout_s``.
    """
    live, names = config.live, _names(config)
    settings = farm_spec(config.farm, live, addresses(live)[1]).functions
    api = Api(live.kubernetes)
    give_up = time.monotonic() + live.kubernetes.open_timeout_s
    try:
        objects.create(api, names, live.kubernetes, settings)
        api.patch(names.scale, {"spec": {"replicas": workers}})
        while True:
            rows = _rows(api, names)
            ready, wanted = sum(row.ready for row in rows), workers + 2
            progress(ready, wanted)
            if ready >= wanted:
                return rows
            _check(rows, time.monotonic() > give_up, live.kubernetes.open_timeout_s)
            time.sleep(LOOK_S)
    finally:
        api.close()


def farm_status(config: Config) -> list[RoleStatus]:
    """Return a row for each role; none when there is no farm."""
    api = Api(config.live.kubernetes)
    try:
        return _rows(api, _names(config))
    finally:
        api.close()


def farm_down(config: Config) -> None:
    """Delete everything of the farm, also what a killed `up` or episode left; repeatable."""
    api = Api(config.live.kubernetes)
    try:
        objects.remove(api, _names(config), within_s=config.live.kubernetes.open_timeout_s)
    finally:
        api.close()


def farms(config: Config) -> list[str]:
    """Return the names of all farms in the namespace."""
    api = Api(config.live.kubernetes)
    try:
        answer = api.get(_names(config).deployments, labelSelector=f"{PART_OF}={PROJECT},{ROLE}=worker")
        return sorted(item["metadata"]["name"].removesuffix("-worker") for item in answer["items"])
    finally:
        api.close()


def _names(config: Config) -> Names:
    return Names(config.live.kubernetes.namespace, config.live.farm)


def _rows(api: Api, names: Names) -> list[RoleStatus]:
    try:
        deployments = api.get(names.deployments, labelSelector=names.selector)["items"]
    except ClusterRefused as error:
        if error.status == 404:
            return []
        raise
    pods = api.get(names.pods, labelSelector=names.selector)["items"]
    rows = []
    for item in sorted(deployments, key=lambda each: str(each["metadata"]["name"])):
        role = item["metadata"]["labels"][ROLE]
        own = [read_pod(pod) for pod in pods if pod["metadata"]["labels"].get(ROLE) == role]
        alive = [pod for pod in own if not pod.leaving]
        ready = sum(pod.running if role == "worker" else pod.started for pod in alive)
        trouble = "; ".join(sorted({pod.trouble for pod in alive if pod.trouble}))
        rows.append(RoleStatus(role, int(item["spec"].get("replicas", 0)), ready, trouble))
    return rows


def _check(rows: list[RoleStatus], late: bool, limit_s: float) -> None:
    troubles = [f"{row.role}: {row.trouble}" for row in rows if row.trouble]
    if troubles:
        raise BackendError(f"pods do not start: {'; '.join(troubles)}")
    if late:
        seen = ", ".join(f"{row.role} {row.ready}/{row.wanted}" for row in rows)
        raise BackendError(
            f"not all pods run after {limit_s:g} s ({seen}): `kubectl get events` says why; "
            "raise live.kubernetes.open_timeout_s if the image is still being pulled"
        )
