"""The parent of a farm's processes: what it starts goes with it, whatever happens to its owner and when."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from live.functions.guardian import Guardian
from tests.waiting import PATIENCE_S, until

COMMAND = [sys.executable, "-m", "live.functions.guardian"]


def test_a_process_that_cannot_be_started_is_reported_and_the_others_live_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    told: list[dict[str, object]] = []
    guardian = Guardian("nowhere", 1)
    monkeypatch.setattr(guardian, "_report", lambda **event: told.append(event))
    monkeypatch.setattr(os, "fork", no_more)
    guardian._obey({"do": "run", "name": "server", "arguments": ["/bin/true"]})
    assert told == [{"event": "ended", "name": "server", "how": "not started: Resource temporarily unavailable"}]


def test_an_owner_that_dies_while_it_starts_leaves_no_directory() -> None:
    directory = Path(tempfile.gettempdir()) / f"farm-test-{os.getpid()}"
    with subprocess.Popen([*COMMAND, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.close()
        assert process.wait(timeout=PATIENCE_S) == 0
    assert not directory.exists()


def test_somebody_elses_directory_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    done = subprocess.run([*COMMAND, str(tmp_path)], input=b"", capture_output=True, check=False, timeout=PATIENCE_S)
    assert b"FileExistsError" in done.stderr
    assert (tmp_path / "precious").read_text() == "x"


def test_what_a_process_started_ends_with_it() -> None:
    """A shell that leaves a child behind: both when the shell ends by itself, and when it is killed."""
    directory = Path(tempfile.gettempdir()) / f"farm-test-{os.getpid()}"
    with subprocess.Popen([*COMMAND, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "ready"
        for name, then in (("ends", "exit 3"), ("stays", "wait")):
            order = {"do": "run", "name": name, "arguments": ["/bin/sh", "-c", f"sleep 3608 & {then}"]}
            process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        events = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert {"event": "ended", "name": "ends", "how": "exit code 3"} in events
        until(lambda: len(sleepers(process.pid)) == 1, "the first one's child is gone, the second one's is there")
        (left,) = sleepers(process.pid)
        process.stdin.close()
        process.wait(timeout=PATIENCE_S)
        until(lambda: not left.is_running() or left.status() == psutil.STATUS_ZOMBIE, "its child is gone, too")
    assert not directory.exists()


def sleepers(guardian_pid: int) -> list[psutil.Process]:
    """Return the sleeping programs of this test's guardian: they keep its session, whoever is their parent."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(ProcessLookupError):
            if process.info["cmdline"] == ["sleep", "3608"] and os.getsid(process.pid) == os.getsid(guardian_pid):
                found.append(process)
    return found
