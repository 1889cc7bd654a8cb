"""Calls on a Ray cluster: tasks of one core each; what dies with one is told."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from autoscaling_env.errors import BackendError
from experiments.schedulers.scheduler import Ended, cores

#: Real seconds between two looks at which machines there are.
LOOK_S = 2.0
#: Real seconds for which a machine that was at fault is avoided by calls that are tried again.
AVOIDED_S = 60.0
#: Real seconds in which a cluster must accept a connection.
CONNECT_S = 10.0
#: Calls that are taken at once.
MOST = 256


class RayScheduler:
    """A Ray cluster that is there, or one of this machine's own that goes when it is left.

    Ray itself retries nothing: whoever calls counts attempts, and a machine that cannot work (its disk is full) does
    not take one call after the other, for those that are tried again are sent elsewhere.

    Args:
        jobs: of a cluster of its own: how many cores it has; else calls at the same time, as many as there are cores
            if left out.
        address: of the cluster, as ``ray.init`` takes it; None: one of its own.

    Raises:
        BackendError: there is no cluster at that address.
    """

    #: The next task of a core is on its way while it is still busy.
    depth = 2

    def __init__(self, jobs: int | None, address: str | None) -> None:
        self._jobs, self._address = jobs, address
        self._running: dict[Any, str] = {}
        self._failed_at: dict[str, float] = {}
        self._again: set[str] = set()
        self._nodes: list[tuple[str, float]] = []
        self._looked = float("-inf")
        self._page = ""

    def __enter__(self) -> Self:
        _check_somebody_is_there(self._address)
        own: dict[str, Any] = {"num_cpus": self._jobs or cores()} if self._address is None else {}
        try:
            context = ray.init(
                address=self._address or "local", logging_level=logging.ERROR, log_to_driver=False, **own
            )
        except (ConnectionError, RayError, RuntimeError, ValueError, TimeoutError) as error:
            raise BackendError(f"--address {self._address}: no Ray cluster: {_line(error)}") from None
        self._page = getattr(context, "dashboard_url", "") or ""
        self._task = ray.remote(num_cpus=1, max_retries=0)(_call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See ``Scheduler``: Ray ends the tasks of a driver that leaves."""
        self._running.clear()
        ray.shutdown()

    @property
    def slots(self) -> int:
        """See ``Scheduler``."""
        cores = int(sum(cpus for _, cpus in self._machines()))
        return max(1, cores if self._jobs is None else min(cores, self._jobs))

    def submit(self, function: Callable[..., Any], arguments: Sequence[Any], name: str) -> None:
        """See ``Scheduler``."""
        task = self._task
        if name in self._again and (node := self._elsewhere()) is not None:
            task = task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=True))
        self._running[task.remote(function, arguments)] = name

    def wait(self, timeout_s: float) -> Sequence[Ended]:
        """See ``Scheduler``."""
        if not self._running:
            return []
        waiting = list(self._running)
        done, _ = ray.wait(waiting, num_returns=1, timeout=timeout_s, fetch_local=False)
        if done:  # take whatever else is there by now
            done, _ = ray.wait(waiting, num_returns=min(len(waiting), MOST), timeout=0, fetch_local=False)
        return [self._ended(each) for each in done]

    def describe(self) -> str:
        """See ``Scheduler``."""
        page = f"; its page: http://{self._page}" if self._page else ""
        return f"Ray, {len(self._machines())} machines with {self.slots} cores{page}"

    def _ended(self, task: Any) -> Ended:
        name = self._running.pop(task)
        try:
            node, value = ray.get(task)
        except RayTaskError as error:
            return Ended(name, raised=error.cause or error)
        except RayError as error:
            self._again.add(name)
            return Ended(name, lost=_line(error))
        if getattr(value, "machine", False):
            self._again.add(name)
            self._failed_at[node] = time.monotonic()
        else:
            self._again.discard(name)
        return Ended(name, value=value)

    def _machines(self) -> list[tuple[str, float]]:
        """Return the machines that are there, with their cores."""
        now = time.monotonic()
        if now - self._looked > LOOK_S:
            self._looked = now
            alive = [node for node in ray.nodes() if node["Alive"]]
            found = [(str(node["NodeID"]), float(node["Resources"].get("CPU", 0.0))) for node in alive]
            self._nodes = [node for node in found if node[1]]
        return self._nodes

    def _elsewhere(self) -> str | None:
        """Return a machine on which nothing failed of late; None: there is none."""
        now = time.monotonic()
        good = [node for node, _ in self._machines() if now - self._failed_at.get(node, float("-inf")) > AVOIDED_S]
        return good[len(self._running) % len(good)] if good else None


def _check_somebody_is_there(address: str | None) -> None:
    """Ask for a connection: Ray itself waits ten minutes for one that nobody accepts."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    except OSError as error:
        raise BackendError(f"--address {address}: no Ray cluster: {error.strerror or error}") from None


def _call(function: Callable[..., Any], arguments: Sequence[Any]) -> tuple[str, Any]:
    """Return the machine on which a function was called, and what it returned."""
    return ray.get_runtime_context().get_node_id(), function(*arguments)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
