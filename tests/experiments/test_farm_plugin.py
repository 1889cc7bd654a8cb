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
KIND = FarmKind(name="moon", summary="far away", make=compiled_backend, examine=examine, lifecycle=Life())
"""
ENTRY_POINTS = """
[autoscaling_env.backends]
moon = moonfarm:KIND
bare = simulator:compiled_backend
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return distribution(tmp_path_factory.mktemp("site"), "moonfarm", {"moonfarm.py": KIND}, ENTRY_POINTS)


@pytest.mark.parametrize("name", ["moon", "bare"])
def test_it_is_played_on(installed: Path, tmp_path: Path, name: str) -> None:
    quick = ("--agents", "static-12", "--episodes", 1, "--max-steps", 3, "--json")
    done = run_with(installed, "compare", "--backend", name, *quick, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["meta"]["backend"] == name


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
