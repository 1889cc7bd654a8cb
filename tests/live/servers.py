"""A real server for tests: private, on a unix socket, with DEBUG allowed so that it can be stalled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
import redis

from autoscaling_env.errors import BackendError
from live.server import EmbeddedServer, find_binary
from tests.waiting import until


def require_server() -> None:
    """Skip at home where there is no server program; in CI that is a failure."""
    try:
        find_binary()
    except BackendError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


class RunningServer:
    """A server process that can be stalled, killed and started again with its data."""

    def __init__(self, *options: str, port: int = 0) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="farm-test-", dir="/tmp"))
        self.spec = EmbeddedServer(self.directory, port=port, debug=True, options=options)
        self.url = self.spec.url
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self.spec.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, lambda: f"the server did not start: {(self.directory / 'redis.log').read_text()}")

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
