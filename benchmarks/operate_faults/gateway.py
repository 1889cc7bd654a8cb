"""What stands between one controller and the API server: it counts what is asked, and breaks when told to.

Clients speak plain HTTP to it, on the loopback interface; it speaks TLS to the API server. So it sees every request.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.operate_faults.line import Line, reset

REQUEST = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked.

    Attributes:
        at_s: monotonic seconds.
        method: such as ``PATCH``.
        path: with its query.
    """

    at_s: float
    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET"


class Gateway(Line):
    """Forwards connections; faults are switched on and off while it runs.

    Args:
        server: address of the API server, ``https://host:port``.
        authority: file of certificates that it is known by.

    Attributes:
        url: where clients reach it.
        requests: all of them, in order.
    """

    def __init__(self, server: str, authority: Path) -> None:
        parts = urlsplit(server)
        self._target = parts.hostname or "", parts.port or 443
        self._context = ssl.create_default_context(cafile=str(authority))
        super().__init__()
        self.requests: list[Request] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self.cut()
        self._flowing.set()
        self._listener.close()

    # -- inside

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._refusing:
                    reset(client)
                    continue
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            plain = socket.create_connection(self._target, 5)
            server = self._context.wrap_socket(plain, server_hostname=self._target[0])
            server.settimeout(None)
        except OSError:
            reset(client)
            return
        with self._lock:
            self._ends |= {client, server}
        with contextlib.suppress(OSError, ValueError):
            self._pump(client, server)
        with self._lock:
            self._ends -= {client, server}
        client.close()
        server.close()

    def _pump(self, client: socket.socket, server: ssl.SSLSocket) -> None:
        """Carry to and fro in one thread: no two may use one TLS connection."""
        while True:
            ready = [server] if server.pending() else select.select([client, server], [], [])[0]
            self._flowing.wait()
            for source, sink in ((client, server), (server, client)):
                if source not in ready:
                    continue
                data = source.recv(65536)
                if not data:
                    return
                if source is client and (found := REQUEST.match(data)):
                    self.requests.append(Request(time.monotonic(), found[1].decode(), found[2].decode()))
                sink.sendall(data)
