"""An S3-compatible server of this machine, for as long as a block runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

#: Real seconds in which it must answer.
START_S = 60.0
#: Whatever it is asked with: it checks nothing.
KEYS = {"AWS_ACCESS_KEY_ID": "study", "AWS_SECRET_ACCESS_KEY": "study", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def s3(bucket: str) -> Iterator[Mapping[str, str]]:
    """Give the environment in which ``s3://bucket`` is there, for others; it is set for this process, too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environment = {**KEYS, "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
    try:
        _wait_for(port)
        os.environ.update(environment)
        _make(bucket, environment["FSSPEC_S3_ENDPOINT_URL"])
        yield environment
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int) -> None:
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no S3 server at port {port} within {START_S:g} s")


def _make(bucket: str, endpoint: str) -> None:
    import fsspec

    fsspec.filesystem("s3", endpoint_url=endpoint).mkdir(bucket)
