"""Ports for servers that tests start, stop and start again."""

from __future__ import annotations

import random
import socket

#: Below those that systems give to outgoing connections (Linux: from 32768 on): what a server leaves
#: for a moment is not taken by somebody's connection meanwhile.
PORTS = range(15_000, 32_000)
_draw = random.SystemRandom()


def free_port() -> int:
    """Return a port of this machine on which nobody listens."""
    while True:
        port = _draw.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are over do not count
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
