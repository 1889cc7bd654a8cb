"""An API server that answers what the test says: for answers a real one gives too rarely to wait for."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from autoscaling_env.config.kubernetes import KubernetesConfig
from live.platforms.kubernetes.client import Api


@dataclass
class Answer:
    """What is answered once; ``cut`` bytes short if that is > 0."""

    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    wait_s: float = 0.0


class FakeServer:
    """Answers in the order of ``script``; the last answer is repeated. ``asked`` has (method, path, token)."""

    def __init__(self, script: list[Answer]) -> None:
        self.script = script
        self.asked: list[tuple[str, str, str]] = []
        self.stop = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def next(self) -> Answer:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            fake.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
            answer = fake.next()
            fake.stop.wait(answer.wait_s)
            body = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - answer.cut])
            self.close_connection = answer.cut > 0

        do_GET = do_PATCH = do_POST = do_DELETE = answer  # noqa: N815 - names of the standard library

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


def write_kubeconfig(path: Path, server: str, token: str, ca: str = "") -> Path:
    """Write a kubeconfig with one user."""
    cluster = {"server": server} | ({"certificate-authority-data": ca} if ca else {})
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"token": token}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    path.write_text(json.dumps(config))
    return path


@contextmanager
def fake_api(folder: Path, *script: Answer) -> Iterator[tuple[Api, FakeServer]]:
    """An API client that talks to a fake server."""
    server = FakeServer(list(script))
    file = write_kubeconfig(folder / "kubeconfig", server.url, "first")
    api = Api(KubernetesConfig(kubeconfig=str(file)))
    try:
        yield api, server
    finally:
        api.close()
        server.close()
