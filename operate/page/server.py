"""Serves metrics, health and the page beside the loop; nothing that is asked here changes anything."""

from __future__ import annotations

import json
import socket
import socketserver
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry

from autoscaling_env.errors import InputError
from live.clock import Clock
from operate.config import PageConfig
from operate.page.answers import Answer, handler
from operate.page.catalogue import Side
from operate.page.document import render
from operate.page.facts import Facts
from operate.page.health import Health, Verdict
from operate.page.metrics import Metrics
from operate.page.state import State
from operate.record import Record

#: Whoever closes waits so long at most.
PAUSE_S = 0.1
#: Addresses that mean every interface; a browser cannot open them.
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


class PageServer:
    """``/`` the page, ``/state.json`` what it polls, ``/metrics``, ``/healthz`` and ``/readyz``, in daemon threads.

    Whoever can reach the port can read all of it; by default that is this machine alone.

    Args:
        config: where to listen.
        facts: what is told of the controller besides its records.
        clock: monotonic; tells how old the last tick is.
        registry: where the metrics are registered; None: one of their own.
    """

    def __init__(
        self, config: PageConfig, facts: Facts, clock: Clock, registry: CollectorRegistry | None = None
    ) -> None:
        self._config = config
        self._state = State(facts)
        self._metrics = Metrics(facts, registry)
        self._health = Health(clock, facts.interval_s)
        self._page, self._policy = render(facts)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen.

        Raises:
            InputError: the address or the port cannot be listened on.
        """
        config = self._config
        try:
            self._server = _Server(config.host, config.port, self._answers())
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(
                f"page.host {config.host}, page.port {config.port}: cannot listen there: {reason}; "
                "choose another port, 0 for any that is free, or `page: null` for none"
            ) from None
        self._health.began()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(PAUSE_S,), daemon=True, name="page")
        self._thread.start()

    @property
    def url(self) -> str:
        """Where a browser on this machine finds the page; "" before it is started."""
        if self._server is None:
            return ""
        host = ANYWHERE.get(self._config.host, self._config.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.server_port}"

    def publish(self, record: Record) -> None:
        """Show a record: of each tick, and of the controller's start and end. Takes well under a millisecond."""
        self._state.told(record)
        if record.kind == "tick":
            self._metrics.told(record)
            self._health.ticked(record)

    def failed(self, side: Side) -> None:
        """Count an error; records do not tell errors apart by where they were."""
        self._metrics.failed(side)

    def close(self) -> None:
        """Listen no more. May be called twice."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._thread = None

    def __enter__(self) -> PageServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _answers(self) -> dict[str, Answer]:
        return {
            "/": lambda _: (
                200,
                "text/html; charset=utf-8",
                self._page.encode(),
                {"Content-Security-Policy": self._policy},
            ),
            "/state.json": lambda _: (200, "application/json", self._polled(), {}),
            "/metrics": self._scraped,
            "/healthz": lambda _: _told(self._health.alive()),
            "/readyz": lambda _: _told(self._health.ready()),
        }

    def _polled(self) -> bytes:
        shown = self._state.shown(self._health.since_s, self._health.alive().good)
        return json.dumps(shown, allow_nan=False, separators=(",", ":")).encode()

    def _scraped(self, accept: str) -> tuple[int, str, bytes, dict[str, str]]:
        body, kind = self._metrics.exposition(accept)
        return 200, kind, body, {}


def _told(verdict: Verdict) -> tuple[int, str, bytes, dict[str, str]]:
    return 200 if verdict.good else 503, "text/plain; charset=utf-8", f"{verdict.why}\n".encode(), {}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # connections that may wait; with the usual five a crowd waits for seconds
    allow_reuse_port = False  # a port that somebody has is an error, not one to share

    def __init__(self, host: str, port: int, answers: dict[str, Answer]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler(answers))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who hang up or fall silent; anything else is ours."""
        if not isinstance(sys.exception(), (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)

    def server_bind(self) -> None:
        """Bind without asking DNS for this machine's name, which may take long and is used for nothing."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
