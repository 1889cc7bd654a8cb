"""What a tick of the controller costs besides the policy, and whether its memory stays flat.

``python -m benchmarks.operate_ticks``: a real Redis list in which 100 000 tasks wait, with real journal, state file and
page; then many ticks in simulated time, and the memory that this process has after each tenth of them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from rich.console import Console

from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from benchmarks.timing import row, show
from experiments.operations.running import Unwatched, operate
from live.clients import command_client
from operate.config import OperateConfig, operate_model
from operate.controller.clocks import Clocks
from operate.kinds import source_kinds
from operate.reading import Fact, Reading, TargetState
from operate.record import Record
from operate.source import Source
from operate.testing.simulated import ManualClock
from tests.live.servers import RunningServer

WAITING, TICKS, INTERVAL_S = 100_000, 300, 0.1
WARM = 20
MEGABYTE = 2**20


def main() -> None:
    """Measure both, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticks", type=int, default=50_000, help="in simulated time")
    parser.add_argument("--planner-ticks", type=int, default=2_000, help="of the planner, likewise; 0: none")
    given = parser.parse_args()
    rows = cost() + memory("hpa", given.ticks)
    show(rows + (memory("planner", given.planner_ticks) if given.planner_ticks else []))


# -- what a tick costs


class Stopwatch(Unwatched):
    """Times a tick: from its first reading to the record's being in journal and on the page, without the policy.

    Attributes:
        took_ms: by the clock.
        cpu_ms: of the processor, all threads together, the policy's too: a busy machine changes it little.
    """

    def __init__(self, source: Source) -> None:
        self.knows, self.described = source.knows, source.described
        self._source, self._begin_s, self._begin_cpu_s = source, 0.0, 0.0
        self.took_ms: list[float] = []
        self.cpu_ms: list[float] = []

    def read(self) -> Reading:
        """Note when a tick begins to look."""
        self._begin_s, self._begin_cpu_s = time.perf_counter(), time.process_time()
        return self._source.read()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def ticked(self, record: Record) -> None:
        """Note when a record is everywhere."""
        if record.kind == "tick":
            self.took_ms.append(1000 * (time.perf_counter() - self._begin_s) - record.policy_ms)
            self.cpu_ms.append(1000 * (time.process_time() - self._begin_cpu_s))


def cost(waiting: int = WAITING, ticks: int = TICKS) -> list[dict[str, Any]]:
    """Return median and 99th percentile of a tick on a list in which so many tasks wait."""
    server = RunningServer()
    try:
        with command_client(server.url) as client, tempfile.TemporaryDirectory() as folder:
            task = json.dumps({"id": 0, "came": time.time()})
            for _ in range(waiting // 1000):
                client.lpush("orders", *[task] * 1000)
            client.mset({"orders:came": waiting, "orders:done": 0})
            config = _config(Path(folder), _redis(server.url), INTERVAL_S, "hpa")
            watch = Stopwatch(source_kinds()["redis_list"].open(config.source))
            operate(config, stop=threading.Event(), watcher=watch, ticks=ticks + WARM, source=watch, target=Fluid())
            watch.close()
    finally:
        server.stop()
    told = {"besides the policy": watch.took_ms[WARM:], "of the processor": watch.cpu_ms[WARM:]}
    return [
        row(f"operate: a tick {what}, {waiting} tasks wait, p{q}", float(np.percentile(taken, q)), "ms")
        for what, taken in told.items()
        for q in (50, 99)
    ]


def _redis(url: str) -> dict[str, Any]:
    return {
        "kind": "redis_list", "url": url, "key": "orders", "processing_keys": ("orders:held",),
        "arrived_key": "orders:came", "completed_key": "orders:done", "timestamp_field": "came", "taken_from": "right",
    }  # fmt: skip


# -- memory


class Fluid:
    """A queue and its workers in a few numbers: source, target and scaler, with no memory of what was."""

    knows = frozenset({Fact.BACKLOG, Fact.IN_FLIGHT, Fact.ARRIVED, Fact.COMPLETED})
    described = "a queue of a few numbers"

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        self._workers, self._backlog, self._came, self._done, self._passed_s = 4, 0, 0, 0, 0.0

    def pass_s(self, seconds: float) -> None:
        """Let tasks come, in a swing of a day, and be done: a second of work each."""
        self._passed_s += seconds
        came = int(self._rng.poisson((6 + 4 * np.sin(2 * np.pi * self._passed_s / 86400)) * seconds))
        done = min(self._backlog + came, int(self._rng.poisson(self._workers * seconds)))
        self._came, self._done, self._backlog = self._came + came, self._done + done, self._backlog + came - done

    def read(self) -> Reading:
        """See ``Source.read``."""
        held = min(self._backlog, self._workers)
        return Reading(float(self._backlog - held), float(held), float(self._came), float(self._done))

    def look(self) -> TargetState:
        """See ``Target.look``."""
        return TargetState(self._workers, self._workers, self._workers)

    def scaler(self) -> Fluid:
        """See ``Target.scaler``."""
        return self

    def fence(self, term: int) -> None:
        """See ``Scaler.fence``; there is nobody else."""

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Scaler.scale_to``."""
        self._workers = workers
        return ScaleOutcome(workers, workers, ScaleReason.OK)

    def close(self) -> None:
        """See ``Source.close``."""


class Simulated(threading.Event):
    """Ends nothing; waiting for it lets simulated time pass."""

    def __init__(self, clock: ManualClock, queue: Fluid) -> None:
        super().__init__()
        self._clock, self._queue = clock, queue

    def wait(self, timeout: float | None = None) -> bool:
        """Let so many seconds pass."""
        self._clock.pass_s(timeout or 0.0)
        self._queue.pass_s(timeout or 0.0)
        return False


class Weighed(Unwatched):
    """Weighs this process after each tenth of the ticks."""

    def __init__(self, ticks: int) -> None:
        self._every, self._ticks = max(1, ticks // 10), 0
        self.megabytes: list[tuple[int, float]] = []

    def ticked(self, record: Record) -> None:
        """Count."""
        self._ticks += record.kind == "tick"
        if record.kind == "tick" and self._ticks % self._every == 0:
            self.megabytes.append((self._ticks, psutil.Process().memory_info().rss / MEGABYTE))
            Console(stderr=True).print(f"[dim]{self._ticks} ticks: {self.megabytes[-1][1]:.1f} MiB[/]")


def memory(policy: str, ticks: int) -> list[dict[str, Any]]:
    """Return the memory of this process as ticks go by, in simulated time."""
    clock, queue, weighed = ManualClock(), Fluid(), Weighed(ticks)
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), _redis("unix:///nowhere"), 8.0, policy)
        clocks, stop = Clocks(clock.now, clock.wall), Simulated(clock, queue)
        operate(config, stop=stop, watcher=weighed, ticks=ticks, source=queue, target=queue, clocks=clocks)
    return [row(f"operate: memory after {done} ticks, {policy}", value, "MiB") for done, value in weighed.megabytes]


def _config(folder: Path, source: dict[str, Any], interval_s: float, policy: str) -> OperateConfig:
    return operate_model().model_validate(
        {
            "source": source,
            "target": {"kind": "processes", "command": ("nobody",)},
            "policy": policy,
            "objective": {"finish_within": "10s", "share": 0.95, "window": "1h"},
            "bounds": {"min": 1, "max": 20},
            "mode": "act",
            "interval": interval_s,
            "guardrails": {"decide_within": min(0.05, interval_s / 2) if policy == "hpa" else 0.2},
            "state": folder / "state",
            "page": {"port": 0},
        }
    )


if __name__ == "__main__":
    main()
