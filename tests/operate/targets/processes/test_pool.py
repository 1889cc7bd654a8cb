"""What a pool of processes promises beyond the contract: nobody is left over, and who ends by himself is replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autoscaling_env.errors import BackendError
from operate.targets.processes.kind import KIND, examine
from operate.targets.processes.pool import KEPT, ProcessPool
from operate.targets.processes.settings import ProcessesConfig
from operate.targets.processes.target import ProcessTarget
from tests.waiting import until

Maker = Callable[..., ProcessPool]


@pytest.fixture
def pool() -> Iterator[Maker]:
    made: list[ProcessPool] = []

    def make(program: str, **values: object) -> ProcessPool:
        config = ProcessesConfig.model_validate({"command": [sys.executable, "-S", "-c", program], **values})
        made.append(ProcessPool(config))
        return made[-1]

    yield make
    for each in made:
        each.close()


def runs(pid: int) -> bool:
    """Return whether a process is there, a zombie included."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


IDLE = "import signal; signal.pause()"
#: Says that it has begun, and finishes what it does when it is told to go.
BUSY = """
import pathlib, signal, sys, time
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(1))
place = pathlib.Path({place!r})
(place / "begun").touch()
while not told:
    time.sleep(0.02)
time.sleep(1.0)
(place / "finished").touch()
"""


def test_workers_end_with_the_pool_and_leave_no_zombies(pool: Maker) -> None:
    made = pool(IDLE, workers=3)
    until(lambda: made.counts().ready == 3)
    pids = made.pids()
    made.close()
    assert [pid for pid in pids if runs(pid)] == []
    with pytest.raises(BackendError, match="closed"):
        made.scale_to(1, "us")


def test_a_worker_told_to_go_finishes_its_task(pool: Maker, tmp_path: Path) -> None:
    made = pool(BUSY.format(place=str(tmp_path)), workers=1)
    until((tmp_path / "begun").exists)
    made.scale_to(0, "us")
    until(lambda: made.counts().draining == 1)
    assert not (tmp_path / "finished").exists()
    until(lambda: made.pids() == [])
    assert (tmp_path / "finished").exists()


def test_one_that_does_not_leave_is_killed_when_the_pool_ends(pool: Maker) -> None:
    made = pool("import signal; signal.signal(15, signal.SIG_IGN)\nwhile True: signal.pause()", drain_grace=0.3)
    made.scale_to(1, "us")
    until(lambda: made.counts().ready == 1)
    time.sleep(0.3)
    pids = made.pids()
    made.close()
    assert [pid for pid in pids if runs(pid)] == []


def test_a_worker_that_dies_is_replaced_and_the_trouble_said(pool: Maker) -> None:
    target = ProcessTarget(pool(IDLE, workers=2))
    until(lambda: target.look().ready == 2)
    time.sleep(0.2)
    made = target._pool
    (victim, other) = made.pids()
    os.kill(victim, signal.SIGKILL)
    until(lambda: "ended by itself (signal 9)" in target.look().trouble)
    until(lambda: target.look().ready == 2)
    assert victim not in made.pids()
    assert other in made.pids()
    assert target.look().changed_by == ""
    until(lambda: target.look().trouble == "")


def test_one_that_always_dies_is_not_started_all_the_time(pool: Maker, tmp_path: Path) -> None:
    log = tmp_path / "log"
    made = pool(f"print(file=open({str(log)!r}, 'a')); raise SystemExit(3)", workers=1)
    until(lambda: "exit code 3" in made.trouble)
    time.sleep(2.5)
    assert 1 <= len(log.read_text()) <= 4


def test_a_command_that_is_not_there_is_said(pool: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    made = ProcessPool(ProcessesConfig(command=("no-such-program",), workers=1))
    until(lambda: "exit code 1" in made.trouble)
    made.close()
    assert "no-such-program: No such file or directory" in capfd.readouterr().err


def test_a_worker_is_ready_after_its_startup_time(pool: Maker) -> None:
    made = pool(IDLE, workers=1, startup_time=0.7)
    until(lambda: made.counts().running == 1)
    began = time.monotonic()
    assert made.counts().ready == 0
    until(lambda: made.counts().ready == 1)
    assert 0.4 < time.monotonic() - began < 5.0


def test_the_newest_leave_first_and_their_environment_is_as_given(pool: Maker, tmp_path: Path) -> None:
    program = f"import os, pathlib, signal; pathlib.Path({str(tmp_path)!r}, os.environ['MARK']).touch(); signal.pause()"
    made = pool(program, workers=2, env={"MARK": "here"})
    until(lambda: made.counts().running == 2 and (tmp_path / "here").exists())
    oldest, newest = made.pids()
    made.scale_to(1, "us")
    until(lambda: made.pids() == [oldest])
    assert not runs(newest)


PARENT = """
import sys, time
from operate.targets.processes.pool import ProcessPool
from operate.targets.processes.settings import ProcessesConfig
pool = ProcessPool(ProcessesConfig(command=(sys.executable, "-S", "-c", "import signal; signal.pause()"), workers=2))
while pool.counts().ready < 2:
    time.sleep(0.02)
time.sleep(0.5)
print(*pool.pids(), flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with the one that started it")
def test_workers_die_with_a_controller_that_is_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert [runs(pid) for pid in pids] == [True, True]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not any(_alive(pid) for pid in pids))


def _alive(pid: int) -> bool:
    """Return whether a process runs; whoever inherits it may take its time to bury it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_only_so_many_changes_are_kept_and_the_last_ones_are_told(pool: Maker) -> None:
    made = pool(IDLE)
    seen, _ = made.changes()
    for turn in range(KEPT + 10):
        with made._lock:
            made.scale_to(turn % 2, "rule")
    number, changes = made.changes(seen)
    assert number == KEPT + 9
    assert len(changes) == KEPT
    assert made.changes(number) == (number, [])


def test_check_says_what_is_wrong() -> None:
    good = ProcessesConfig(command=(sys.executable,))
    assert all(finding.ok for finding in examine(good, True))
    assert [each.what for each in examine(ProcessesConfig(command=("no-such-program",)), True) if not each.ok] == [
        "the worker's program"
    ]
    assert [each.what for each in examine(good, False, "lease") if not each.ok] == ["lease"]
    assert KIND.elect is None
    assert KIND.settings.model_fields["kind"].default == KIND.name
