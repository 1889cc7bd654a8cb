"""What the live farm costs, and that it loses nothing: ``python -m benchmarks.bench_live --help``."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autoscaling_env.config.distributions import Constant
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.types import TaskBatch
from live.backend import LiveBackend
from live.platforms.local.farm import SERVER, local_backend

STEP_S = 1.0


def farm(workers: int, **live: Any) -> LiveBackend:
    """Return a farm on this machine with blocking pops and no delays of its own."""
    config = FarmConfig(
        min_workers=0, max_workers=64, initial_workers=workers, collect_s=0.0,
        pickup=Constant(value_s=0.0), startup=Constant(value_s=0.0),
    )  # fmt: skip
    return local_backend(config, LiveConfig(**live), debug=True)


def batch(arrival_s: np.ndarray, service_s: float) -> TaskBatch:
    """Return tasks of equal length."""
    count = len(arrival_s)
    return TaskBatch(arrival_s, np.full(count, service_s), np.full(count, 1e6))


@contextmanager
def counted_commands(backend: LiveBackend, into: dict[str, float], tasks: int) -> Iterator[None]:
    """Count what the server was asked (round trips) and what its scripts did inside, for each task."""
    client = backend.queues.client
    client.config_resetstat()
    yield
    calls = {name: stats["calls"] for name, stats in client.info("commandstats").items()}
    asked = sum(calls.get(f"cmdstat_{name}", 0) for name in ("evalsha", "blpop"))
    into["round_trips_per_task"] = round(asked / tasks, 2)
    into["commands_in_server_per_task"] = round(sum(calls.values()) / tasks, 1)


def run_out(backend: LiveBackend, tasks: int) -> float:
    """Advance until all are collected; return the controller's CPU seconds per step."""
    cpu, steps, done = time.process_time(), 0, 0
    while done < tasks:
        done = backend.advance(STEP_S).output_queue
        steps += 1
    return (time.process_time() - cpu) / steps


def cost(args: argparse.Namespace) -> None:
    """Tasks/s through the whole pipeline with no service time, for several numbers of workers."""
    print("workers   tasks/s   round trips/task   commands in server/task   controller CPU ms/step")
    for workers in args.workers:
        backend = farm(workers)
        try:
            backend.reset(batch(np.zeros(args.tasks), 0.0), workers)
            row: dict[str, float] = {}
            with counted_commands(backend, row, args.tasks):
                cpu_s = run_out(backend, args.tasks)
            collected_s = backend.task_log().collected_s
            rate = args.tasks / (collected_s.max() - collected_s.min())
            print(
                f"{workers:7d}{rate:10.0f}{row['round_trips_per_task']:19.2f}"
                f"{row['commands_in_server_per_task']:26.1f}{1e3 * cpu_s:25.1f}",
                flush=True,
            )
        finally:
            backend.close()


def light(args: argparse.Namespace) -> None:
    """Round trips for each task when workers mostly wait: every task has to wake somebody."""
    backend = farm(4)
    try:
        backend.reset(batch(np.arange(args.tasks) * 0.02, 0.01), 4)
        row: dict[str, float] = {}
        with counted_commands(backend, row, args.tasks):
            run_out(backend, args.tasks)
        log = backend.task_log()
        wait_ms = 1e3 * (log.started_s - np.arange(args.tasks) * 0.02)
        overhead_ms = 1e3 * (log.finished_s - log.started_s - 0.01)
        collect_ms = 1e3 * (log.collected_s - log.finished_s)
        print(json.dumps(row))
        for name, values in (("pickup", wait_ms), ("overhead", overhead_ms), ("collect", collect_ms)):
            print(f"{name:10s} ms p5/p50/p95: {np.percentile(values, [5, 50, 95]).round(2).tolist()}")
    finally:
        backend.close()


class Vandal(threading.Thread):
    """Kills a random worker every second; stalls the server, and kills it, once each."""

    def __init__(self, backend: LiveBackend, stall_at_s: float, kill_at_s: float, seed: int) -> None:
        super().__init__(daemon=True)
        self._backend = backend
        self._pids: dict[str, int] = backend.platform._processes.pids  # type: ignore[attr-defined]  # noqa: SLF001
        self._plan = {int(stall_at_s): self._stall, int(kill_at_s): self._kill_server}
        self._random = random.Random(seed)  # noqa: S311 - faults, not secrets
        self.stopped = threading.Event()
        self.kills = 0
        self.done: list[str] = []

    def run(self) -> None:
        """Bring faults until told to stop."""
        second = 0
        while not self.stopped.wait(1.0):
            second += 1
            self._kill_worker()
            what = self._plan.get(second)
            if what is not None:
                threading.Thread(target=what, daemon=True).start()

    def _kill_worker(self) -> None:
        workers = sorted(name for name in self._pids if name.startswith("worker-"))
        if workers:
            os.kill(self._pids[self._random.choice(workers)], signal.SIGKILL)
            self.kills += 1

    def _stall(self) -> None:
        from live.clients import command_client

        with command_client(self._backend.queues.where, timeout_s=30.0, retries=0) as client:
            client.execute_command("DEBUG", "SLEEP", "7")
        self.done.append("server stalled 7 s")

    def _kill_server(self) -> None:
        os.kill(self._pids[SERVER], signal.SIGKILL)
        self.done.append("server killed and restarted")


def noloss(args: argparse.Namespace) -> None:
    """Many tasks while workers are killed every second and the server is stalled, killed and restarted."""
    backend = farm(args.workers, outage_limit_s=60.0)
    try:
        backend.reset(batch(np.arange(args.tasks) / args.rate, args.service_s), args.workers)
        if args.leases_only:
            backend._keeper.follow("")  # noqa: SLF001 - as where no platform sees a worker die
        length_s = args.tasks / args.rate
        vandal = Vandal(backend, max(2, length_s / 4), max(12, length_s / 2), args.seed)
        vandal.start()
        done, began = 0, time.monotonic()
        while done < args.tasks:
            try:
                telemetry = backend.advance(STEP_S)
            except BackendError as error:
                print(f"episode ended: {error}")
                break
            done = telemetry.output_queue
            if int(telemetry.time_s) % 10 == 0:
                print(
                    f"{telemetry.time_s:6.0f} s  {done} of {args.tasks}  {vandal.kills} kills  {vandal.done}",
                    flush=True,
                )
        vandal.stopped.set()
        _report(backend, vandal, time.monotonic() - began, args)
    finally:
        backend.close()


def _report(backend: LiveBackend, vandal: Vandal, real_s: float, args: argparse.Namespace) -> None:
    verdict = backend.verify()
    recovery_s = verdict.recovery_s or (0.0,)
    print(json.dumps(verdict.counts()), *verdict.problems, sep="\n")
    p50, p99 = np.percentile(recovery_s, [50, 99])
    print(f"{args.tasks} tasks, {args.workers} workers, {vandal.kills} SIGKILLs, {vandal.done}, {real_s:.0f} s")
    print(
        f"recovery p50 {p50:.2f} s, p99 {p99:.2f} s, max {max(recovery_s):.2f} s (lease 15 s); passed: {verdict.passed}"
    )


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("cost", help=cost.__doc__)
    one.add_argument("--tasks", type=int, default=20_000)
    one.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32])
    one.set_defaults(run=cost)
    two = commands.add_parser("light", help=light.__doc__)
    two.add_argument("--tasks", type=int, default=1_000)
    two.set_defaults(run=light)
    three = commands.add_parser("noloss", help=noloss.__doc__)
    three.add_argument("--tasks", type=int, default=100_000)
    three.add_argument("--workers", type=int, default=16)
    three.add_argument("--rate", type=float, default=800.0, help="tasks per second")
    three.add_argument("--service-s", type=float, default=0.01)
    three.add_argument("--leases-only", action="store_true", help="nobody reports dead workers: leases must end")
    three.add_argument("--seed", type=int, default=1)
    three.set_defaults(run=noloss)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
