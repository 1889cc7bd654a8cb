"""A piece of network that breaks when told to: what stands between a client and a server builds on it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

_RESET = struct.pack("ii", 1, 0)


class Line:
    """Listens on this machine; faults are switched on and off while it runs. Who extends it accepts and carries."""

    def __init__(self) -> None:
        self._flowing, self._refusing = threading.Event(), False
        self._flowing.set()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def cut(self) -> None:
        """Reset every connection, old and new: a server that is gone."""
        self._refusing = True
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            reset(end)

    def swallow(self) -> None:
        """Let nothing through from now on, and say nothing: a network that swallows packets."""
        self._flowing.clear()

    def mend(self) -> None:
        """Let everything through again; what was swallowed comes late, as by retransmission."""
        self._refusing = False
        self._flowing.set()


def reset(end: socket.socket) -> None:
    """Break a connection as a firewall does: the other end is told that it was reset."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
