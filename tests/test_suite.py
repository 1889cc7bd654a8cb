"""``make test`` leaves nothing out, and ``make demo`` brings in nothing that it does not need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT
from tests.waiting import PATIENCE_S

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
REAL_TIME = re.compile(r"mark\.(live|cluster)\b")


def test_the_makefile_lists_every_place_with_tests_in_real_time() -> None:
    (listed,) = re.findall(r"^LIVE_TESTS := (.*)$", MAKEFILE, re.MULTILINE)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        text = file.read_text("utf-8")
        if file != Path(__file__) and REAL_TIME.search(text) and "mark.docs" not in text:
            place = file.relative_to(ROOT)
            assert any(place.is_relative_to(path) for path in listed.split()), f"add {place} to LIVE_TESTS"


def _targets() -> set[str]:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    return set(phony.split())


def test_help_explains_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    explained = re.findall(r"^make (\w+) +\S", done.stdout, re.MULTILINE)
    assert sorted(explained) == sorted(_targets())
    assert set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)) == _targets()


def test_every_check_is_part_of_make_test() -> None:
    done = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    for tool in ("ruff check", "ruff format --check", "mypy", "lint-imports", "sphinx-build", "pytest"):
        assert f"bin/{tool}" in done.stdout, tool


def pins(lock: str) -> set[str]:
    """Return the names that a lock file pins."""
    return set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE))


def test_each_lock_adds_to_the_one_before() -> None:
    run, torch, dev = pins("requirements.lock"), pins("requirements-torch.lock"), pins("requirements-dev.lock")
    assert not (run & torch | run & dev | torch & dev)
    assert {"torch", "tensorboard"} <= torch
    assert {"pytest", "sphinx", "stable-baselines3"} <= dev
    assert {"numpy", "redis", "hatchling"} <= run


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-torch.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert "://" not in text
    for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry


#: Hides what the first lock does not bring.
LEAN = """
import importlib.metadata as metadata, re, sys
allowed = {*sys.argv.pop(1).split(","), "openfaas-autoscaling"}
homes = metadata.packages_distributions()
class Lean:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, *more):
        packages = [re.sub("[-_.]+", "-", one).lower() for one in homes.get(name.partition(".")[0], ())]
        return self.finder.find_spec(name, *more) if not packages or allowed & set(packages) else None
sys.meta_path[:] = [Lean(finder) for finder in sys.meta_path]
from cli.main import main
main()
"""


def lean(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``autoscale`` as it runs where only ``requirements.lock`` is installed."""
    command = [sys.executable, "-c", LEAN, ",".join(sorted(pins("requirements.lock"))), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)


@pytest.mark.slow
def test_the_demo_needs_only_the_first_lock(tmp_path: Path) -> None:
    done = lean(tmp_path, "demo", "--episodes", "1")
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("runs/*/report.html"))


@pytest.mark.parametrize(
    ("words", "extra"), [(("import", "sb3", "model.zip"), "torch"), (("export", "minari", "run"), "minari")]
)
def test_what_needs_an_extra_says_which(words: tuple[str, ...], extra: str, tmp_path: Path) -> None:
    done = lean(tmp_path, *words)
    assert done.returncode == 2
    assert re.fullmatch(
        rf"error: this needs {extra}, which is not installed; pip install '.*\[{extra}\]'.*\n", done.stderr
    )


@pytest.mark.parametrize("agent", ["dqn", "ppo"])
def test_training_a_network_without_torch_says_what_adds_it(agent: str, tmp_path: Path) -> None:
    done = lean(tmp_path, "train", agent, "--episodes", "1")
    assert done.returncode == 2
    assert re.fullmatch(r"error: .*torch.*(make torch|\[torch\]).*\n", done.stderr)
    assert not list(tmp_path.glob("runs/*/models/*"))
