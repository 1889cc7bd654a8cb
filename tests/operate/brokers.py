"""A real RabbitMQ for tests: private, on ports of its own, with its data kept from one start to the next."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.operate.certificates import Certificate
from tests.ports import free_port

SECRET = "sesame"  # noqa: S105 - of a server that lives as long as a test
#: Where Debian keeps the program itself; the one on the PATH is a wrapper that wants another user.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
#: Seconds between two looks of the server at its own queues, as its management tells them; both are 5 by default: how
#: often queues tell (quorum queues have another setting), and how often that is collected: the shortest interval of
#: what is kept.
SAMPLED_S = 1.0
SAMPLES = ("global", "basic", "detailed")
STARTS_WITHIN_S = 180.0


def require_rabbit() -> str:
    """Return the program; skip at home where there is none, in CI that is a failure."""
    program = str(PROGRAM) if PROGRAM.exists() else shutil.which("rabbitmq-server")
    if program is None or shutil.which("epmd") is None:
        missing = "no rabbitmq-server: apt-get install rabbitmq-server"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return program


class RunningRabbit:
    """A server process that can be stalled, killed and started again with its data.

    Its owner may do anything; the watcher has the tag `monitoring` and no permission on any queue.

    Args:
        settings: further lines of rabbitmq.conf.
        plugins: what is enabled besides, such as ``rabbitmq_prometheus``.
        certificate: with which it also speaks TLS, at ports of their own.
    """

    def __init__(
        self,
        *settings: str,
        plugins: Sequence[str] = ("rabbitmq_management",),
        certificate: Certificate | None = None,
    ) -> None:
        self.program = require_rabbit()
        self.folder = Path(tempfile.mkdtemp(prefix="rabbit-test-", dir="/tmp"))
        self.port, self.management_port, self.dist_port, self.epmd_port = (free_port() for _ in range(4))
        self.amqps_port, self.https_port = (free_port(), free_port()) if certificate else (0, 0)
        self.has_management = "rabbitmq_management" in plugins
        self.watcher = "watcher"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._configure([*settings, *(self._secured(certificate) if certificate else ())], plugins)
        try:
            self.start()
            if self.has_management:
                self.add_user(self.watcher, "monitoring")
        except BaseException:
            self.stop()
            raise

    # -- addresses

    @property
    def url(self) -> str:
        """The owner's address by AMQP, of the virtual host `/`."""
        return self.amqp_url("owner")

    @property
    def management_url(self) -> str:
        """The watcher's address of the management."""
        return self.http_url(self.watcher)

    def amqp_url(self, user: str, vhost: str = "/") -> str:
        return f"amqp://{user}:{SECRET}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def http_url(self, user: str) -> str:
        return f"http://{user}:{SECRET}@127.0.0.1:{self.management_port}"

    # -- what its owner does

    def add_user(self, name: str, tags: str, configure: str = "^$", write: str = "^$", read: str = "^$") -> None:
        self.manage("PUT", f"users/{name}", {"password": SECRET, "tags": tags})
        allowed = {"configure": configure, "write": write, "read": read}
        self.manage("PUT", f"permissions/%2F/{name}", allowed)

    def manage(self, method: str, path: str, body: Any = None) -> Any:
        """Return what the management answers its owner, None where that is nothing."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.management_port}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Basic {b64encode(f'owner:{SECRET}'.encode()).decode()}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
            told = answer.read()
        return json.loads(told) if told else None

    def control(self, *words: str) -> str:
        """Return what `rabbitmqctl` says."""
        names = ("HOME", "PATH", "ERL_EPMD_PORT", "RABBITMQ_NODENAME", "RABBITMQ_CONF_ENV_FILE", "RABBITMQ_LOG_BASE")
        told = subprocess.run(
            [str(Path(self.program).with_name("rabbitmqctl")), *words], stdin=subprocess.DEVNULL, capture_output=True,
            env={name: self._environment()[name] for name in names}, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    # -- its life

    def start(self) -> None:
        """Start it, or start it again on the same ports with its data."""
        with (self.folder / "out").open("ab") as out:
            epmd = ["epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"]
            for command in (epmd, [self.program]):
                self._processes.append(
                    subprocess.Popen(
                        command, env=self._environment(), stdin=subprocess.DEVNULL,
                        stdout=out, stderr=out, start_new_session=True, cwd=self.folder,
                    )
                )  # fmt: skip
                self._until_open(self.epmd_port)  # a server that finds nobody there does not start
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._is_ready():
            if self._processes[-1].poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError((self.folder / "out").read_text()[-3000:])
            time.sleep(0.1)

    def signal(self, number: int) -> None:
        """Send a signal to the server and to what it started."""
        os.killpg(self._processes[-1].pid, number)

    def stall(self) -> None:
        """Stop it; it may run for some moments more where the machine is busy, so wait until it does not."""
        self.signal(signal.SIGSTOP)
        while not all(state in "TZ" for state in self._states()):
            time.sleep(0.01)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """Let it die at once."""
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()

    def revive(self) -> None:
        """Start it where it runs no more: a test that failed may have left it so."""
        if not self._processes or self._processes[-1].poll() is not None:
            self.restart()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> None:
        """Let it die, and forget its data."""
        if self._processes:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- inside

    def _until_open(self, port: int) -> None:
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
                return
            time.sleep(0.02)

    def _configure(self, settings: Sequence[str], plugins: Sequence[str]) -> None:
        lines = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            "default_user = owner",
            f"default_pass = {SECRET}",
            "loopback_users = none",
            "log.console = true",
            "log.file = false",
            "vm_memory_high_watermark.absolute = 1GB",
            "disk_free_limit.absolute = 50MB",
            f"collect_statistics_interval = {SAMPLED_S * 1000:.0f}",
        ]
        if self.has_management:
            lines += [f"management.sample_retention_policies.{which}.minute = {SAMPLED_S:.0f}" for which in SAMPLES]
            lines += ["management.tcp.ip = 127.0.0.1", f"management.tcp.port = {self.management_port}"]
        (self.folder / "rabbitmq.conf").write_text("\n".join([*lines, *settings, ""]))
        ticks = f"[{{rabbit, [{{quorum_tick_interval, {SAMPLED_S * 1000:.0f}}}]}}].\n"
        (self.folder / "advanced.config").write_text(ticks)
        (self.folder / "enabled_plugins").write_text(f"[{','.join(plugins)}].\n")
        (self.folder / "env").write_text("")
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)

    def _secured(self, certificate: Certificate) -> list[str]:
        """Return the settings of TLS, for queues and for the management."""
        return [
            f"listeners.ssl.1 = 127.0.0.1:{self.amqps_port}",
            *(f"ssl_options.{name} = {value}" for name, value in certificate.options.items()),
            "management.ssl.ip = 127.0.0.1",
            f"management.ssl.port = {self.https_port}",
            *(f"management.ssl.{name} = {value}" for name, value in certificate.options.items() if name != "verify"),
        ]

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return ours | {
            "HOME": folder,
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/env",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{folder}/config",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +SDcpu 1:1 +SDio 1 +A 4 +sbwt none +sbwtdcpu none",
        }

    def _states(self) -> list[str]:
        """Return the states of all that the server consists of, as /proc writes them."""
        states = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it ended meanwhile
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
                states += [state] if int(group) == self._processes[-1].pid else []
        return states

    def _is_ready(self) -> bool:
        """Return whether it answers; where it has no management, whether it has said that it is up."""
        if not self.has_management:
            return "Server startup complete" in (self.folder / "out").read_text().rpartition("Starting RabbitMQ")[2]
        try:
            return bool(self.manage("GET", "queues") is not None)
        except OSError:
            return False
