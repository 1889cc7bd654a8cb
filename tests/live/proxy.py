"""A small seeded TCP proxy between clients and a server, to break the network on purpose."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

LINGER_RESET = struct.pack("ii", 1, 0)


class FaultProxy:
    """Forwards connections to a unix socket; faults are attributes that may be changed while it runs.

    Attributes:
        delay_s: added to every answer.
        reset_share: probability that an answer is thrown away and its connection reset: the server acted, and
            the client does not know.
        stalled: nothing gets through while set.
    """

    def __init__(self, target: str, seed: int = 0) -> None:
        self.delay_s = 0.0
        self.reset_share = 0.0
        self.resets = 0
        self._flowing = threading.Event()
        self._flowing.set()
        self._random = random.Random(seed)  # noqa: S311 - faults, not secrets
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._accept, daemon=True).start()

    def stall(self) -> None:
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def close(self) -> None:
        self._open = False
        self._flowing.set()
        self._listener.close()

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                server.connect(self._target)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                if is_answer and self._breaks():
                    sink.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
                    break
                if is_answer and self.delay_s:
                    time.sleep(self.delay_s)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _breaks(self) -> bool:
        if self._random.random() >= self.reset_share:
            return False
        self.resets += 1
        return True
