"""A real Prometheus beside the queue, and the exporter that it asks; both can be made to mislead."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import redis

from autoscaling_env.errors import BackendError
from benchmarks.operate_faults.books import QUEUE
from live.clients import command_client

QUERIES = {"backlog": "orders_waiting", "arrived_total": "orders_came_total", "completed_total": "orders_done_total"}
CONFIG = """global: {{scrape_interval: 1s, scrape_timeout: 900ms}}
scrape_configs: [{{job_name: orders, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


class Exporter:
    """Tells the queue's numbers; frozen, it tells the same old samples with their time; away, it fails."""

    def __init__(self, url: str) -> None:
        self._client = command_client(url, retries=0, timeout_s=0.5)
        self.away = self.frozen = False
        self._zero = {"came": 0, "done": 0}
        self._last = ""
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                told = exporter._told()
                self.send_response(200 if told else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                with contextlib.suppress(OSError):  # a Prometheus that was stopped has hung up
                    self.end_headers()
                    self.wfile.write(told.encode())

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def freeze(self, frozen: bool) -> None:
        """Tell old samples, or new ones again."""
        self.frozen = frozen

    def leave(self, away: bool) -> None:
        """Answer that it cannot, or answer again."""
        self.away = away

    def begin_anew(self) -> None:
        """Count from zero, as where its process was restarted."""
        self._zero = {name: int(self._client.get(f"{QUEUE}:{name}") or 0) for name in self._zero}

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def _told(self) -> str:
        if self.away:
            return ""
        if self.frozen:
            return self._last
        try:
            waiting = self._client.llen(QUEUE)
            counts = {name: int(self._client.get(f"{QUEUE}:{name}") or 0) for name in self._zero}
        except redis.RedisError:
            return ""
        for name, count in counts.items():
            self._zero[name] = min(self._zero[name], count)
        now_ms = int(1000 * time.time())
        lines = [f"orders_{name}_total {count - self._zero[name]} {now_ms}" for name, count in counts.items()]
        self._last = "\n".join([f"orders_waiting {waiting} {now_ms}", *lines]) + "\n"
        return self._last


class PrometheusServer:
    """A Prometheus that scrapes an exporter every second."""

    def __init__(self, folder: Path, port: int) -> None:
        program = shutil.which("prometheus")
        if program is None:
            raise BackendError("no Prometheus on this machine: apt-get install prometheus")
        file = folder / "prometheus.yml"
        file.write_text(CONFIG.format(port=port), "utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            own = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{own}"
        command = [program, f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}"]
        command += [f"--web.listen-address=127.0.0.1:{own}", "--log.level=error"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        self._await()

    def halt(self) -> None:
        """Stop it where it stands."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def _await(self) -> None:
        until = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/-/ready", timeout=1):  # noqa: S310 - our own address
                    return
            except OSError:
                if time.monotonic() > until:
                    self.close()
                    raise BackendError("Prometheus did not start within 30 s") from None
                time.sleep(0.2)
