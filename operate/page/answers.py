"""HTTP as far as it is needed: GET and HEAD of a few paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

#: From the Accept header: status, content type, body, further headers.
Answer = Callable[[str], tuple[int, str, bytes, dict[str, str]]]

TEXT = "text/plain; charset=utf-8"
#: What comes with every answer: nothing is kept, nothing is guessed, nothing tells where the reader came from.
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def handler(answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    """Return a handler that gives these answers by path."""

    class Asked(BaseHTTPRequestHandler):
        timeout = 10  # seconds: whoever connects and says nothing holds a thread no longer
        server_version, sys_version = "autoscale-operate", ""

        def do_GET(self) -> None:
            asked = answers.get(self.path.partition("?")[0])
            if asked is None:
                known = ", ".join(sorted(answers))
                self._send(404, TEXT, f"there is nothing here; there is {known}\n".encode(), {})
            else:
                self._send(*asked(self.headers.get("Accept", "")))

        def do_HEAD(self) -> None:
            self.do_GET()

        def refuse(self) -> None:
            self._send(405, TEXT, b"only GET and HEAD: nothing can be changed here\n", {"Allow": "GET, HEAD"})

        def _send(self, status: int, kind: str, body: bytes, more: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | ALWAYS | more).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Pages and scrapers come every few seconds; the log is for what matters."""

    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        setattr(Asked, f"do_{method}", Asked.refuse)
    return Asked
