"""The HTTP side of the tests' gateway: basic auth, and faults on demand."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

USER = "admin"


@dataclass
class Faults:
    """What goes wrong from now on, for ``count`` matching requests.

    Attributes:
        match: regular expression on ``METHOD /path``.
        kind: ``status`` (answer it, nothing done), ``after`` (do it, then answer it), ``slow`` (do it, and
            answer ``seconds`` later), ``cut`` (do it, and hang up without an answer),
            ``endless`` (an answer that drips for ``seconds``), ``junk`` (no JSON), ``empty`` (200 and nothing).
    """

    match: str = "$^"
    kind: str = ""
    status: int = 500
    count: int = 10**9
    seconds: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    body: str = "unable to do it\nthe second line says why\n"


class Answering(Protocol):
    """What the HTTP side needs of the gateway."""

    password: str
    prefix: str
    calls: list[str]

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]: ...

    def hit(self, call: str) -> Faults | None: ...


class Server(ThreadingHTTPServer):
    """Knows its open connections, to cut them when it goes down."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[Handler], certificate: Path | None = None) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    gateway: Answering

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith(f"{self.gateway.prefix}/"):
            self.reply(404, "404 page not found")
            return
        self.path = self.path.removeprefix(self.gateway.prefix)
        call = f"{self.command} {self.path.partition('?')[0]}"
        self.gateway.calls.append(call)
        if self.path == "/healthz":
            self.reply(200, "OK")
        elif self.headers.get("Authorization") != basic(self.gateway.password):
            self.reply(401, "invalid credentials", (("WWW-Authenticate", 'Basic realm="Restricted"'),))
        else:
            fault = self.gateway.hit(call)
            getattr(self, fault.kind if fault else "normal")(fault, body)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

    # -- one method for each kind of fault

    def normal(self, fault: Faults | None, body: bytes) -> None:
        self.reply(*self.gateway.answer(self.command, self.path, body))

    def status(self, fault: Faults, body: bytes) -> None:
        self.reply(fault.status, fault.body, fault.headers)

    def after(self, fault: Faults, body: bytes) -> None:
        self.gateway.answer(self.command, self.path, body)
        self.status(fault, body)

    def slow(self, fault: Faults, body: bytes) -> None:
        answer = self.gateway.answer(self.command, self.path, body)
        time.sleep(fault.seconds)
        self.reply(*answer)

    def cut(self, fault: Faults, body: bytes) -> None:
        self.gateway.answer(self.command, self.path, body)
        self.close_connection = True

    def junk(self, fault: Faults, body: bytes) -> None:
        self.reply(200, "<html>hello</html>")

    def empty(self, fault: Faults, body: bytes) -> None:
        self.reply(200, "")

    def endless(self, fault: Faults, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        until = time.monotonic() + fault.seconds
        while time.monotonic() < until:
            self.wfile.write(b" ")
            time.sleep(0.05)
        self.close_connection = True

    def reply(self, status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Silent."""


def handler_for(gateway: Answering) -> type[Handler]:
    """Return the handler class of one gateway."""
    return type("GatewayHandler", (Handler,), {"gateway": gateway})


def basic(password: str) -> str:
    """Return the header of basic auth."""
    return "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()
