"""Breaks the test cluster's own programs on purpose, and has `$AUTOSCALE_TEST_CLUSTER/up` repair them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from live.platforms.kubernetes_client import Api
from tests.cluster.clusters import cluster_config


def pid_of(program: str) -> int:
    """Return the process id of one of the cluster's programs, or skip where they are not ours to break."""
    root = Path(os.environ.get("AUTOSCALE_CLUSTER", "/tmp/autoscale-cluster"))  # noqa: S108 - where its programs write their process ids
    file = root / "run" / f"{program}.pid"
    if not os.environ.get("AUTOSCALE_TEST_CLUSTER") or not file.exists():
        pytest.skip("AUTOSCALE_TEST_CLUSTER names no cluster whose programs this test may stop")
    return int(file.read_text().strip())


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
    """The program is gone; repaired afterwards."""
    os.kill(pid_of(program), signal.SIGKILL)
    try:
        yield
    finally:
        repair()


def repair() -> None:
    """Start what is missing, and wait until the server answers."""
    subprocess.run([f"{os.environ['AUTOSCALE_TEST_CLUSTER']}/up"], check=True, capture_output=True, timeout=120)
    api = Api(cluster_config("default"))
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if api.get("/version", within_s=30) is not None:
            break
    api.close()


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
        hog.wait(timeout=10)
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
