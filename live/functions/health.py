"""Health and readiness over HTTP, as OpenFaaS (``/_/health``, ``/_/ready``) and Kubernetes probe them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

#: Paths that ask "are you alive" and "may you get work".
HEALTH = ("/_/health", "/healthz", "/livez")
READY = ("/_/ready", "/readyz")


def serve(host: str, port: int, healthy: Callable[[], bool], ready: Callable[[], bool]) -> Any:
    """Answer 200 or 503 in a thread of its own; return the server (``server_port``), or None for port 0 as "no".

    A port below 0 asks for any free one.
    """
    if port == 0:
        return None
    from http.server import ThreadingHTTPServer

    server = ThreadingHTTPServer((host, max(0, port)), _handler(healthy, ready))
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()
    return server


def _handler(healthy: Callable[[], bool], ready: Callable[[], bool]) -> Any:
    from http.server import BaseHTTPRequestHandler

    answers = dict.fromkeys(HEALTH, healthy) | dict.fromkeys(READY, ready)

    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = answers.get(self.path.partition("?")[0])
            self.send_response(404 if asked is None else 200 if asked() else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Probes come every few seconds; the log is for what matters."""

    return Probe
