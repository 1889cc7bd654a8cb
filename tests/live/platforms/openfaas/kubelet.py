"""Runs the pods of the tests' OpenFaaS: real processes, started and signalled for real."""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from live.functions.settings import PREFIX
from live.platforms.local.processes import Processes

Ended = Callable[[str, str], None]


class Kubelet(Protocol):
    """Starts containers and probes them; ``ended`` is called with (container, how)."""

    def start(self, container: str, command: str, environment: Mapping[str, str], ended: Ended) -> None: ...

    def signal(self, container: str, number: int) -> None: ...

    def healthy(self, container: str, port: int, timeout_s: float) -> bool: ...

    def close(self) -> None: ...


class Pretending:
    """Nothing runs: for tests that hand the platform a roster of their own. Healthy until told to go, then gone."""

    def __init__(self) -> None:
        self._running: dict[str, Ended] = {}

    def start(self, container: str, command: str, environment: Mapping[str, str], ended: Ended) -> None:
        self._running[container] = ended

    def signal(self, container: str, number: int) -> None:
        ended = self._running.pop(container, None)
        if ended is not None:
            threading.Thread(target=ended, args=(container, f"signal {number}"), daemon=True).start()

    def healthy(self, container: str, port: int, timeout_s: float) -> bool:
        return container in self._running

    def close(self) -> None:
        self._running.clear()


class Probed:
    """Asks real processes how they are, as the kubelet does."""

    def healthy(self, container: str, port: int, timeout_s: float) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        try:
            connection.request("GET", "/_/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


class Spawning(Probed):
    """Each container is ``python -m live.functions.…`` of its own: as real as it gets, 0.4 s of CPU each."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, container: str, command: str, environment: Mapping[str, str], ended: Ended) -> None:
        program, *arguments = shlex.split(command)
        assert program == "python"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        process = subprocess.Popen(
            [sys.executable, *arguments], env=clean | dict(environment), stderr=subprocess.DEVNULL
        )
        self._running[container] = process
        threading.Thread(target=self._wait, args=(container, process, ended), daemon=True).start()

    def signal(self, container: str, number: int) -> None:
        if container in self._running:
            self._running[container].send_signal(number)

    def close(self) -> None:
        for process in list(self._running.values()):
            process.kill()
            process.wait()

    def _wait(self, container: str, process: subprocess.Popen[bytes], ended: Ended) -> None:
        code = process.wait()
        self._running.pop(container, None)
        ended(container, f"exit code {code}")


class Forking(Probed):
    """The same programs as forks of one process that has imported everything: cheap enough for many pods."""

    def __init__(self) -> None:
        self._processes = Processes()
        self._processes.wait_ready(120)  # a loaded machine
        self._ended: dict[str, Ended] = {}
        self._processes.on_end(self._on_end)

    def start(self, container: str, command: str, environment: Mapping[str, str], ended: Ended) -> None:
        self._ended[container] = ended
        self._processes.start(container, command.rpartition(".")[2], environment)

    def signal(self, container: str, number: int) -> None:
        {signal.SIGTERM: self._processes.terminate, signal.SIGKILL: self._processes.kill}[signal.Signals(number)](
            container
        )

    def close(self) -> None:
        self._processes.close()

    def _on_end(self, container: str, how: str) -> None:
        self._ended.pop(container)(container, how)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000 % 10**9
