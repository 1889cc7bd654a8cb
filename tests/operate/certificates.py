"""A certificate that one has made oneself, as many do: nobody trusts it who is not told to."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S

REQUEST = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class Certificate:
    """Of this machine, and its own authority.

    Attributes:
        file: the certificate.
        key: its key.
    """

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no openssl: apt-get install openssl")
        self.file, self.key = folder / "certificate.pem", folder / "key.pem"
        names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        command = ["openssl", *REQUEST, "-subj", "/CN=localhost", "-addext", names]
        subprocess.run(
            [*command, "-keyout", str(self.key), "-out", str(self.file)],
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
        )

    @property
    def options(self) -> dict[str, str]:
        """How RabbitMQ's configuration names it; clients need none."""
        return {
            "cacertfile": str(self.file),
            "certfile": str(self.file),
            "keyfile": str(self.key),
            "verify": "verify_none",
        }
