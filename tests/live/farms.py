"""Live farms for tests, and how they are run to their end with the history checked."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.types import Telemetry
from live.backend import LiveBackend
from live.history import Verdict
from live.platforms.local.farm import local_backend
from live.platforms.local.platform import LocalPlatform
from live.snapshot import LeaseRecord
from tests.waiting import PATIENCE_S, until


def farm_config(startup_s: float = 0.0, collect_s: float = 0.0) -> FarmConfig:
    return FarmConfig(
        min_workers=0,
        max_workers=32,
        initial_workers=2,
        pickup=Constant(value_s=0.0),
        collect_s=collect_s,
        startup=Constant(value_s=startup_s),
    )


def live_config(**values: Any) -> LiveConfig:
    """Return quick settings: ten times faster than real time. Leases are long: a busy machine must not end them."""
    return LiveConfig(**({"time_scale": 0.1, "hang_s": 10.0} | values))


class SharedFarms:
    """Farms for tests that only run episodes: one for each configuration, since an episode leaves nothing behind.

    A farm whose test failed, or closed it, is not used again.
    """

    def __init__(self, redis_url: str, most: int = 4) -> None:
        self._url, self._most = redis_url, most
        self._free: dict[str, LiveBackend] = {}

    @contextmanager
    def farm(self, *, startup_s: float = 0.0, collect_s: float = 0.0, **values: Any) -> Iterator[LiveBackend]:
        with self.of(farm_config(startup_s, collect_s), **values) as backend:
            yield backend

    @contextmanager
    def of(self, config: FarmConfig, **values: Any) -> Iterator[LiveBackend]:
        name = f"shared-{zlib.crc32(repr((config, values)).encode())}"
        live = live_config(**({"redis_url": self._url, "farm": name} | values))
        backend = self._free.pop(name, None) or local_backend(config, live)
        try:
            yield backend
        except BaseException:
            backend.close()
            raise
        if not backend._closed:
            self._free[name] = backend
        self._keep(self._most)

    def close(self) -> None:
        self._keep(0)

    def _keep(self, most: int) -> None:
        while len(self._free) > most:
            self._free.pop(next(iter(self._free))).close()


@contextmanager
def live_farm(*, startup_s: float = 0.0, collect_s: float = 0.0, **values: Any) -> Iterator[LiveBackend]:
    """A farm of one's own, to be broken."""
    backend = local_backend(farm_config(startup_s, collect_s), live_config(**values))
    try:
        yield backend
    finally:
        backend.close()


def run_out(backend: LiveBackend, tasks: int, *, step_s: float = 2.0, real_s: float = PATIENCE_S) -> list[Telemetry]:
    """Advance until all tasks are collected."""
    seen: list[Telemetry] = []
    give_up = time.monotonic() + real_s
    while not seen or seen[-1].output_queue < tasks:
        assert time.monotonic() < give_up, (seen[-1], backend.verify())
        seen.append(backend.advance(step_s))
    return seen


def checked(backend: LiveBackend) -> Verdict:
    """Return the verdict after failing on anything lost or counted twice."""
    verdict = backend.verify()
    assert verdict.passed, verdict.problems
    return verdict


def done_once(verdict: Verdict) -> int:
    """Return how many tasks have a result, after failing on anything lost or counted twice.

    A lease may run out on a busy machine. Then the task is recovered, as designed: not every one is done at the first
    try, and a test that asks for that tests the machine.
    """
    assert verdict.passed, verdict.problems
    return verdict.ok + verdict.recovered


def deadlines_met(seen: list[Telemetry]) -> int:
    return int(np.concatenate([telemetry.deadline_met for telemetry in seen]).sum())


def first_lease(backend: LiveBackend) -> LeaseRecord:
    until(lambda: backend._controller.snapshot(0).leases, "a worker holds a task")
    return backend._controller.snapshot(0).leases[0]


def advance_until(backend: LiveBackend, true: Callable[[Telemetry], bool], what: str) -> Telemetry:
    """Advance by half seconds of the episode until the farm is as it should be, however busy the machine is."""
    for _ in range(200):
        telemetry = backend.advance(0.5)
        if true(telemetry):
            return telemetry
    raise AssertionError(f"not within 100 s of the episode: {what}")


def busy_pid(backend: LiveBackend) -> int:
    """Return the process id of a worker that holds a task; wait for one that does."""
    assert isinstance(backend.platform, LocalPlatform)
    pid = backend.platform.pid(first_lease(backend).worker)
    assert pid is not None
    return pid
