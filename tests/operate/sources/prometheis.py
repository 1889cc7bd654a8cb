"""A real Prometheus and a tiny exporter, for tests."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIServer

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Metric, Summary, start_http_server
from prometheus_client.core import GaugeMetricFamily

from operate.sources.prometheus.queries import Prometheus, PrometheusSettings
from tests.operate.sources.benches import SECRET
from tests.operate.sources.readings import read_of
from tests.ports import free_port
from tests.waiting import until

#: Seconds between scrapes.
SCRAPE_S = 0.25
READ_ONLY = {"/metrics", "/-/ready", "/api/v1/query", "/api/v1/query_range", "/api/v1/label/:name/values"}
_names = itertools.count()


def require_prometheus() -> str:
    """Return the program; skip at home where there is none, in CI that is a failure."""
    program = shutil.which("prometheus")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no prometheus on the PATH: apt-get install prometheus")
        pytest.skip("no prometheus on the PATH: apt-get install prometheus")
    return program


class Exporter:
    """What a program exports of itself; its port stays the same when it is started again."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.port = free_port()
        self._server: tuple[WSGIServer, Thread] | None = None
        self.start()

    def start(self) -> None:
        self._server = start_http_server(self.port, "127.0.0.1", self.registry)

    def stop(self) -> None:
        if self._server is not None:
            server, thread = self._server
            server.shutdown()
            server.server_close()
            thread.join()
        self._server = None


class RunningPrometheus:
    """A server process that can be stalled, killed and started again with its data."""

    def __init__(self, folder: Path, exporter: Exporter) -> None:
        self.program, self.folder, self.port = require_prometheus(), folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        scrape = {
            "job_name": "tasks",
            "static_configs": [{"targets": [f"127.0.0.1:{exporter.port}", f"127.0.0.1:{self.port}"]}],
        }
        timing = {"scrape_interval": f"{SCRAPE_S * 1000:.0f}ms", "scrape_timeout": f"{SCRAPE_S * 1000:.0f}ms"}
        (folder / "prometheus.yml").write_text(json.dumps({"global": timing, "scrape_configs": [scrape]}))
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self.program, f"--config.file={self.folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={self.folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(
            lambda: self._is_ready() or self._process.poll() is not None,
            lambda: (self.folder / "log").read_text()[-2000:],
        )
        assert self._process.poll() is None, (self.folder / "log").read_text()[-2000:]

    def scraped(self) -> bool:
        """Whether everything was scraped once."""
        (told,) = json.loads(self._get("/api/v1/query?query=count(up)"))["data"]["result"] or [{"value": (0, "0")}]
        return told["value"][1] == "2"

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def handlers(self) -> set[str]:
        """Return what it was ever asked for, besides questions."""
        lines = self._get("/metrics").decode().splitlines()
        counted = [line for line in lines if line.startswith("prometheus_http_requests_total{")]
        return {line.split('handler="')[1].split('"')[0] for line in counted} - READ_ONLY

    def _is_ready(self) -> bool:
        try:
            self._get("/-/ready")
        except OSError:
            return False
        return True

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=5) as answer:  # noqa: S310 - our own server
            return bytes(answer.read())


class QueueMetrics:
    """What somebody's queue exports, under names that no other test has."""

    def __init__(self, exporter: Exporter) -> None:
        self.exporter, self.name = exporter, f"q{next(_names)}"
        registry, name = exporter.registry, self.name
        self.waiting = Gauge(f"{name}_tasks_waiting", "Tasks that wait.", ["queue"], registry=registry).labels("jobs")
        self.held = Gauge(f"{name}_tasks_in_flight", "Tasks in hands.", registry=registry)
        self.came = Counter(f"{name}_tasks_arrived", "Tasks that came.", registry=registry)
        self.done = Counter(f"{name}_tasks_completed", "Tasks finished.", ["result"], registry=registry).labels("ok")
        self.took = Summary(f"{name}_task_seconds", "Seconds of work.", registry=registry)
        self.oldest = Gauge(f"{name}_oldest_seconds", "Age of the oldest.", registry=registry)

    def queries(self) -> dict[str, str]:
        name = self.name
        return {
            "backlog": f'sum by (queue) ({name}_tasks_waiting{{queue="jobs"}})',
            "in_flight": f"{name}_tasks_in_flight",
            "arrived_total": f"{name}_tasks_arrived_total",
            "completed_total": f"sum({name}_tasks_completed_total)",
            "service_s": f"rate({name}_task_seconds_sum[4s]) / rate({name}_task_seconds_count[4s])",
            "oldest_s": f"{name}_oldest_seconds",
        }


class PrometheusBench:
    """A queue whose numbers a Prometheus scrapes."""

    secrets = (SECRET,)

    def __init__(self, server: RunningPrometheus, exporter: Exporter) -> None:
        self.server, self.metrics = server, QueueMetrics(exporter)
        self.came_at: list[float] = []
        self.metrics.oldest.set_function(lambda: time.monotonic() - self.came_at[0] if self.came_at else 0.0)
        url = server.url.replace("http://", f"http://watcher:{SECRET}@")
        self.source = Prometheus(PrometheusSettings(url=url, queries=self.metrics.queries()))  # type: ignore[arg-type]
        self.ready()

    def ready(self) -> None:
        """Wait for the first scrape."""
        until(partial(read_of, self.source), "nothing was scraped", every_s=0.1)

    def put(self, tasks: int) -> None:
        self.came_at += [time.monotonic()] * tasks
        self.metrics.waiting.inc(tasks)
        self.metrics.came.inc(tasks)

    def take(self, tasks: int) -> None:
        del self.came_at[:tasks]
        self.metrics.waiting.dec(tasks)
        self.metrics.held.inc(tasks)

    def finish(self, tasks: int) -> None:
        for _ in range(tasks):
            self.metrics.took.observe(0.5)
        self.metrics.held.dec(tasks)
        self.metrics.done.inc(tasks)

    def cut(self) -> None:
        self.server.kill()

    def mend(self) -> None:
        self.server.start()

    def stall(self) -> None:
        self.server.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.server.signal(signal.SIGCONT)

    def contents(self) -> Any:
        return self.server.handlers()


class Stamped:
    """Exports a gauge with a time of its own: Prometheus is never told that such a series has ended."""

    def __init__(self, exporter: Exporter, name: str) -> None:
        self.name, self.taken_at = name, time.time
        exporter.registry.register(self)

    def collect(self) -> Iterable[Metric]:
        family = GaugeMetricFamily(self.name, "With a time of its own.")
        family.add_metric([], 5.0, timestamp=self.taken_at())
        yield family
