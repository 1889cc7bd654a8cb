"""A piece of network between a client and a server of TCP: it carries what comes, is cut, or swallows everything."""

from __future__ import annotations

import contextlib
import socket
import threading

from benchmarks.operate_faults.line import Line, reset


class Cable(Line):
    """Carries connections to a port of this machine; faults are switched on and off while it runs.

    Args:
        port: of the server.

    Attributes:
        port: where clients reach it.
    """

    def __init__(self, port: int) -> None:
        self._server = "127.0.0.1", port
        super().__init__()
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True, name="cable").start()

    def close(self) -> None:
        """Carry nothing any more."""
        self._listener.close()
        self.cut()
        self._flowing.set()

    # -- inside

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._flowing.wait()
        try:
            if self._refusing:
                raise ConnectionRefusedError
            server = socket.create_connection(self._server, 5)
            server.settimeout(None)
        except OSError:
            reset(client)
            return
        with self._lock:
            self._ends |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._ends -= {client, server}
        client.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Carry one way; whoever hangs up, hangs up both."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
