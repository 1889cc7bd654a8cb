"""``python -m benchmarks.operate_sources``: what a reading costs at a tick of a second where a million tasks wait.

Needs a Redis server and RabbitMQ (`apt-get install rabbitmq-server`). Ends with 1 where a source needs 2 % of a core.
"""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from rich.console import Console

from autoscaling_env.errors import BackendError
from benchmarks.operate_sources.systems import SYSTEMS, Full
from operate.kinds import source_kinds
from operate.source import Source

INTERVAL_S = 1.0
#: Readings before it is measured: connections, imports, the first look; and how long figures may take to come.
WARM, PATIENCE_S = 5, 120.0
#: Share of a core that a source may need.
MOST = 0.02


@dataclass(frozen=True, slots=True)
class Cost:
    """What a source costs.

    Attributes:
        system: which.
        backlog: that it read.
        share: of one core, all threads of the source, between its first reading and its last.
        latency_ms: how long a reading takes, its median.
        server: share of one core that the server used meanwhile, whatever else it does.
        memory_mb: that the server holds.
    """

    system: str
    backlog: float
    share: float
    latency_ms: float
    server: float
    memory_mb: float


def main() -> int:
    """Measure; return 1 where one costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000, help="that wait")
    parser.add_argument("--readings", type=int, default=60)
    parser.add_argument("--only", nargs="*", choices=list(SYSTEMS), default=list(SYSTEMS), help="these; else all")
    given = parser.parse_args()
    costs = []
    for name in given.only:
        make, kind = SYSTEMS[name]
        with make(kind, given.tasks) as full:
            costs.append(measured(name, full, given.tasks, given.readings))
            Console(stderr=True).print(f"{costs[-1]}, filled in {full.took_s:.0f} s")
    print(markdown(costs))
    return int(any(each.share >= MOST for each in costs))


def measured(name: str, full: Full, tasks: int, readings: int) -> Cost:
    """Read once a second, as a controller does."""
    kind = source_kinds()[full.source["kind"]]
    with closing(kind.open(kind.settings.model_validate(full.source))) as source:
        _settle(source, tasks)
        before_s, server_s, begin_s = time.process_time(), full.processor_s(), time.monotonic()
        took_s = []
        for number in range(readings):
            time.sleep(max(0.0, begin_s + number * INTERVAL_S - time.monotonic()))
            asked_s = time.monotonic()
            reading = source.read()
            took_s.append(time.monotonic() - asked_s)
        time.sleep(max(0.0, begin_s + readings * INTERVAL_S - time.monotonic()))
        elapsed_s = time.monotonic() - begin_s
        share = (time.process_time() - before_s) / elapsed_s
        server = (full.processor_s() - server_s) / elapsed_s
        latency_ms = 1e3 * float(np.median(took_s))
        return Cost(name, reading.backlog or 0.0, share, latency_ms, server, full.memory_mb())


def _settle(source: Source, tasks: int) -> None:
    """Read until all that waits is seen."""
    until_s, seen = time.monotonic() + PATIENCE_S, 0
    while seen < WARM:
        try:
            seen += (source.read().backlog or 0.0) >= tasks
        except BackendError:
            seen = 0
        if time.monotonic() > until_s:
            raise BackendError(f"{source.described}: {tasks} tasks are not seen")
        time.sleep(INTERVAL_S)


def markdown(costs: list[Cost]) -> str:
    """Return a table."""
    rows = [
        "| source | waiting | controller, % of a core | a reading takes, ms | server, % of a core | its memory, MB |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {each.system} | {each.backlog:.0f} | {100 * each.share:.2f} | {each.latency_ms:.1f} "
        f"| {100 * each.server:.1f} | {each.memory_mb:.0f} |"
        for each in costs
    ]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
