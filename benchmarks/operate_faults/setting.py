"""All that is there, put together: queue, Prometheus, Deployment, gateways and controllers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.operate_faults.audit import Audit
from benchmarks.operate_faults.books import QUEUE, WORK_S, TaskServer
from benchmarks.operate_faults.breaking import LEAST, MOST, Bench
from benchmarks.operate_faults.operators import Operator, Tailing
from benchmarks.operate_faults.place import LEASE, Place, a_place, gateways, target_of
from benchmarks.operate_faults.telemetry import QUERIES, Exporter, PrometheusServer

INTERVAL_S, HANDS_OFF_S = 1.0, 6.0
FALLBACK = {"agents.hpa.sync_period_s": 2, "agents.hpa.scrape_interval_s": 1}


@contextmanager
def a_bench(folder: Path, image: str, api_server: int, telemetry: bool) -> Iterator[tuple[Bench, Audit]]:
    """Put everything together, not yet started, and take it down afterwards.

    Args:
        folder: of all files.
        image: that has Python, for the workers.
        api_server: its process; 0: it is not to be stopped.
        telemetry: with a Prometheus, and a controller that reads it.
    """
    names = ["a", "b", "shadow", *(["watch"] if telemetry else [])]
    with ExitStack() as stack:
        server = TaskServer()
        stack.callback(server.stop)
        exporter = prometheus = None
        if telemetry:
            exporter = Exporter(server.url)
            stack.callback(exporter.close)
            prometheus = PrometheusServer(folder, exporter.port)
            stack.callback(prometheus.close)
        address = server.pods_url.removeprefix("redis://").partition("/")[0]
        place = stack.enter_context(a_place(address, image))
        audit = Audit(place)
        stack.callback(audit.close)
        gates = stack.enter_context(gateways(place, names, folder))
        sources = {name: _redis(server) for name in names}
        if prometheus is not None:
            sources["watch"] = {"kind": "prometheus", "url": prometheus.url, "queries": QUERIES}
        operators = {name: Operator(name, folder / name, _config(place, folder, name, sources[name])) for name in names}
        yield Bench(place, server, operators, gates, exporter, prometheus, api_server), audit


@contextmanager
def running(bench: Bench) -> Iterator[None]:
    """Start the controllers, and wait until one leads and the other watches; end them afterwards."""
    tailing = Tailing([each.tail for each in bench.operators.values()])
    tailing.start()
    try:
        for each in bench.operators.values():
            each.start()
        bench.follower()
        yield
    finally:
        for each in bench.operators.values():
            each.end()
        tailing.stop()


def _redis(server: TaskServer) -> dict[str, Any]:
    return {
        "kind": "redis_list",
        "url": server.url,
        "key": QUEUE,
        "processing_keys": [f"{QUEUE}:held"],
        "arrived_key": f"{QUEUE}:came",
        "completed_key": f"{QUEUE}:done",
    }


def _config(place: Place, folder: Path, name: str, source: dict[str, Any]) -> dict[str, Any]:
    """Return a controller's configuration: times of minutes are made seconds, as ticks of 8 s are made 1 s."""
    acts = name in {"a", "b"}
    return {
        "source": source,
        "target": target_of(place, folder / f"{name}.kubeconfig"),
        "policy": "benchmarks.operate_faults.policy:Moody",
        "objective": {"finish_within": "5s", "share": 0.9, "window": "60s"},
        "bounds": {"min": LEAST, "max": MOST},
        "tasks": {"service_time": WORK_S, "variation": 0.5},
        "workers": {"startup_time": 2.0},
        "interval": INTERVAL_S,
        "observation_window": 5.0,
        "period": 3600.0,
        "mode": "act" if acts else "shadow",
        "lease": LEASE if acts else "",
        "guardrails": {
            "decide_within": 0.4, "scale_in_cooldown": 3.0, "stale_after": 4.0, "hands_off": HANDS_OFF_S,
            "change_per_tick": 3, "fallback_settings": FALLBACK,
            "watchdog": {"factor": 2.0, "window": 30.0, "pause": 10.0},
        },
        "page": {"port": 0},
    }  # fmt: skip
