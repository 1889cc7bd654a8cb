"""Breaks the test cluster's own programs on purpose, and starts them again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.platforms.kubernetes.clusters import kubeconfig
from tests.waiting import PATIENCE_S


def pid_of(program: str) -> int:
    """Return the process id of one of the cluster's programs, or skip where they are not ours to break."""
    if not os.environ.get("AUTOSCALE_TEST_CLUSTER") or not _file(program).exists():
        pytest.skip("AUTOSCALE_TEST_CLUSTER names no cluster whose programs this test may stop")
    return int(_file(program).read_text())


def _file(program: str) -> Path:
    """Return where the cluster keeps the process id: beside the kubeconfig, in ``run/``."""
    return Path(kubeconfig()).parent / "run" / f"{program}.pid"


@contextmanager
def stopped(program: str) -> Iterator[None]:
    """The program takes no more part, and does not close its connections either."""
    pid = pid_of(program)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def killed(program: str) -> Iterator[None]:
    """The program is gone; afterwards it is started again as it was, with the cluster's data as they are."""
    pid = pid_of(program)
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    os.kill(pid, signal.SIGKILL)
    try:
        yield
    finally:
        subprocess.run(["setsid", "--fork", *command.decode().split("\0")[:-1]], check=True, **SILENT)
        _file(program).write_text(f"{_find(command)}\n")


SILENT: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _find(command: bytes) -> int:
    """Return the process that runs exactly this command."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "cmdline").read_bytes() == command:
                    return int(process.name)
    raise AssertionError(f"not started again: {command!r}")


def kill_container(pod_uid: str) -> None:
    """Kill the function in a pod from outside."""
    pid, _ = _function_of(pod_uid)
    os.kill(pid, signal.SIGKILL)


def starve_container(pod_uid: str) -> None:
    """Use up the memory of a pod's container from inside its control group; the kernel kills the function for it."""
    pid, group = _function_of(pod_uid)
    Path(f"/proc/{pid}/oom_score_adj").write_text("1000")
    hog = subprocess.Popen([sys.executable, "-c", HOG, str(group)])
    try:
        hog.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        hog.kill()
        hog.wait()


#: Joins a control group and takes more memory than a worker's limit leaves, a megabyte at a time.
HOG = """
import os, sys, time
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
taken = []
for _ in range(90):
    taken.append(b"x" * (1 << 20))
    time.sleep(0.01)
"""


def _function_of(pod_uid: str) -> tuple[int, Path]:
    """Return process id and memory control group of the function in a pod of this machine's node."""
    uid = pod_uid.replace("-", "_")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            groups = (process / "cgroup").read_text()
            command = (process / "cmdline").read_text()
        except OSError:
            continue
        if (uid in groups or pod_uid in groups) and "live.functions" in command:
            return int(process.name), _memory_group(groups)
    pytest.skip("the pod's node is not this machine")


def _memory_group(groups: str) -> Path:
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in {"", "memory"}:
            return Path("/sys/fs/cgroup") / controllers / path.lstrip("/")
    pytest.skip("no memory control group")
