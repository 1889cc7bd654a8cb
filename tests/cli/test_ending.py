"""Told to end, a command ends within seconds with everything it started, and what was finished is kept."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import psutil
import pytest

from experiments import Settings, Silent, compare
from tests.places import ROOT
from tests.waiting import PATIENCE_S, until

#: Says in which process it has played some steps, and takes its time.
SLOW = """
import os, time
from pathlib import Path

class Slow:
    steps = 0
    def reset(self): pass
    def act(self, observation, info):
        self.steps += 1
        if self.steps == 3: Path(f"playing-{os.getpid()}").touch()
        time.sleep(0.02)
        return 1

def slow(): return Slow()
"""
COMMAND = [sys.executable, "-m", "cli", "compare", "--jobs", "2", "--scenarios", "reference,ramp,diurnal"]
FOR_EVER = ["--agents", "slow:slow", "--episodes", "100000", "--max-steps", "4"]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def players() -> list[psutil.Process]:
    return [psutil.Process(int(path.name.removeprefix("playing-"))) for path in Path().glob("playing-*")]


@contextmanager
def comparison() -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """Yield a comparison in which two processes play, and all processes it has started."""
    with subprocess.Popen([*COMMAND, *FOR_EVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as parent:
        started: list[psutil.Process] = []
        try:
            until(lambda: len(players()) == 2 or parent.poll() is not None, "nobody plays")
            assert parent.poll() is None
            started = psutil.Process(parent.pid).children(recursive=True)
            assert set(players()) <= set(started)
            yield parent, started
        finally:
            for each in started:
                if each.is_running():
                    each.kill()
            parent.kill()


def all_gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE_S)
    return not alive


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_processes_end_with_a_parent_that_alone_is_told(number: signal.Signals, code: int) -> None:
    with comparison() as (parent, started):
        parent.send_signal(number)
        out, err = parent.communicate(timeout=PATIENCE_S)
        assert all_gone(started)
    assert parent.returncode == code
    (run,) = Path("runs").iterdir()
    assert f"interrupted: the finished steps are kept in {run}" in err
    assert "Traceback" not in err
    assert "interrupted: the last episode is not whole" in " ".join(out.split())
    kept = {path.parent.name: len(pd.read_parquet(path)) for path in run.glob("*/steps.parquet")}
    assert set(kept) == {"reference", "ramp"}  # the third was not begun
    assert min(kept.values()) > 0
    assert (run / "report.html").is_file()


def test_processes_end_with_a_parent_that_is_killed() -> None:
    with comparison() as (parent, started):
        parent.kill()
        assert all_gone(started)


def test_a_process_that_is_killed_is_one_line() -> None:
    with comparison() as (parent, started):
        players()[0].kill()
        _, err = parent.communicate(timeout=PATIENCE_S)
        assert all_gone(started)
    assert parent.returncode == 1
    assert err == (
        "error: a process was killed, perhaps because memory ran out; with fewer --jobs less memory is needed at a "
        "time; what was finished is kept\n"
    )


def test_a_stop_signal_reaches_all_processes() -> None:
    stop, told = threading.Event(), []

    def watch() -> None:
        while len(list(Path().glob("playing-*"))) < 2:
            time.sleep(0.05)
        stop.set()

    class Told(Silent):
        def note(self, text: str) -> None:
            told.append(text)

    threading.Thread(target=watch, daemon=True).start()
    settings = Settings(episodes=100_000, jobs=2, output_dir=Path("runs"))
    found = compare(["slow:slow"], ["reference", "ramp"], settings, stop=stop, listener=Told())
    assert found.interrupted
    assert set(found.results) == {"reference", "ramp"}
    assert told[-1] == f"interrupted: the finished steps are kept in {found.folder}"
