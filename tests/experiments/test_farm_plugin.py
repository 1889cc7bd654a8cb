"""A farm of another package is found by every command by being installed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.distributions import completed_with, distribution, run_with

KIND = """
from autoscaling_env.farm_kind import FarmKind, FarmView, Finding
from simulator import compiled_backend
class Life:
    attended = False
    from contextlib import contextmanager
    @contextmanager
    def up(self, config, workers, progress):
        progress(workers, workers)
        yield FarmView(data={"workers": workers}, lines=(f"{workers} workers on the moon",))
    def status(self, config): return FarmView([{"What": "moon", "Found": "full"}], {"moon": "full"})
    def down(self, config): return True
def examine(config): return [Finding("moon", True, f"room for {config.farm.max_workers}")]
class Mute:
    def __init__(self, config):
        farm = compiled_backend(config)
        self.reset, self.scale_to, self.advance, self.close = farm.reset, farm.scale_to, farm.advance, farm.close
MUTE = FarmKind(name="mute", summary="does not tell of tasks", make=Mute)
KIND = FarmKind(name="moon", summary="far away", make=compiled_backend, examine=examine, lifecycle=Life())
"""
ENTRY_POINTS = """
[autoscaling_env.backends]
moon = moonfarm:KIND
mute = moonfarm:MUTE
simpy = moonfarm:KIND
typo = moonfarm.kind:KIND
gone = moonfarm:GONE
unmet = unmet:KIND
bare = simulator:compiled_backend
"""
#: A farm behind a package that is not installed.
UNMET = """
import nowhere_to_be_found
"""
FILES = {"moonfarm.py": KIND, "unmet.py": UNMET}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distribution(tmp_path_factory.mktemp("site"), "moonfarm", FILES, ENTRY_POINTS)


@pytest.mark.parametrize("name", ["moon", "bare"])
def test_it_is_played_on(installed: Path, tmp_path: Path, name: str) -> None:
    quick = ("--agents", "static-12", "--episodes", 1, "--max-steps", 3, "--json")
    done = run_with(installed, "compare", "--backend", name, *quick, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["meta"]["backend"] == name


def test_one_that_keeps_no_record_of_tasks_is_said_to(installed: Path, tmp_path: Path) -> None:
    quick = ("compare", "--backend", "mute", "--agents", "static-12", "--episodes", 1, "--max-steps", 3, "--output-dir")
    done = run_with(installed, *quick, "told", cwd=tmp_path)
    assert (done.returncode, *tmp_path.glob("told/*/tasks.parquet")) == (0,)
    told = "the farm mute does not tell what became of each task: no tasks.parquet"
    assert told in done.stderr
    assert told not in run_with(installed, *quick, "silent", "--no-tasks", cwd=tmp_path).stderr


def test_it_is_examined_brought_up_and_taken_down(installed: Path, tmp_path: Path) -> None:
    found = json.loads(run_with(installed, "doctor", "--backend", "moon", "--json", cwd=tmp_path).stdout)
    assert found == [{"what": "moon", "ok": True, "detail": "room for 32", "remedy": ""}]
    up = run_with(installed, "farm", "up", "--backend", "moon", "--workers", 3, cwd=tmp_path)
    assert (up.returncode, up.stdout) == (0, "3 workers on the moon\n")
    assert json.loads(run_with(installed, "farm", "status", "--backend", "moon", "--json", cwd=tmp_path).stdout)
    assert run_with(installed, "farm", "down", "--backend", "moon", cwd=tmp_path).stdout == "farm farm: down\n"


def test_it_is_completed_and_named_in_errors(installed: Path, tmp_path: Path) -> None:
    asked = ("autoscale compare --backend mo", "autoscale farm up --backend mo")
    assert completed_with(installed, *asked, cwd=tmp_path) == [["moon"], ["moon"]]
    wrong = run_with(installed, "compare", "--backend", "mon", cwd=tmp_path)
    assert wrong.stderr.startswith("error: unknown backend 'mon' (did you mean 'moon'?); choose from bare, compiled,")
    bare = run_with(installed, "doctor", "--backend", "bare", cwd=tmp_path)
    assert (bare.returncode, bare.stderr.partition(";")[0]) == (
        2,
        "error: --backend bare: there is nothing to examine",
    )


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("simpy", "backend simpy: announced more than once, by "),
        ("typo", "backend typo: entry point moonfarm.kind:KIND of the group autoscaling_env.backends: No module named"),
        (
            "gone",
            "backend gone: entry point moonfarm:GONE of the group autoscaling_env.backends: module 'moonfarm' has no",
        ),
        ("unmet", "this needs nowhere_to_be_found, which is not installed; pip install what brings it"),
    ],
)
def test_one_that_cannot_be_had_is_one_line(installed: Path, tmp_path: Path, name: str, line: str) -> None:
    done = run_with(installed, "compare", "--agents", "static-2", "--backend", name, cwd=tmp_path)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith(f"error: {line}")
