"""Every gate can fail: each is given what it must not let through."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.places import ROOT

BIN = Path(sys.executable).parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]["contracts"]
    return found


def run(command: list[str | Path], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two modules, and the contract of this project against circles."""
    (contract,) = (each for each in contracts() if each["type"] == "acyclic_siblings")
    settings = f"""
        [importlinter]
        root_package = rooms
        [importlinter:contract:1]
        name = {contract["name"]}
        type = acyclic_siblings
        ancestors = rooms
    """
    (tmp_path / ".importlinter").write_text(dedent(settings))
    folder = tmp_path / "rooms"
    folder.mkdir()
    for name in ("__init__", "low"):
        (folder / f"{name}.py").write_text("")
    (folder / "high.py").write_text("from rooms import low\n")
    return folder


def lint_imports(package: Path) -> subprocess.CompletedProcess[str]:
    return run([BIN / "lint-imports", "--no-cache"], package.parent, PYTHONPATH=str(package.parent))


def test_imports_without_a_circle_pass(package: Path) -> None:
    done = lint_imports(package)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "back", ["from rooms import high\n", "def later():\n    from rooms import high\n"], ids=["on top", "in a function"]
)
def test_a_circle_inside_a_package_fails(package: Path, back: str) -> None:
    (package / "low.py").write_text(back)
    done = lint_imports(package)
    assert done.returncode == 1
    assert "No cycles are allowed in rooms." in done.stdout


def test_every_package_is_under_every_gate() -> None:
    tools = PYPROJECT["tool"]
    (circles,) = (each for each in contracts() if each["type"] == "acyclic_siblings")
    (downwards,) = (each for each in contracts() if each["type"] == "layers" and "containers" not in each)
    layered = {name.strip() for layer in downwards["layers"] for name in layer.split("|")}
    held = {
        "mypy": set(tools["mypy"]["packages"]) - {"tests", "benchmarks"},
        "coverage": tools["coverage"]["run"]["source"],
        "layers": layered,
        "circles": circles["ancestors"],
        "imports": tools["importlinter"]["root_packages"],
    }
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages == set(PACKAGES)
    for gate, names in held.items():
        assert set(names) == packages, f"{gate}: {set(names) ^ packages}"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('"""Says what is in it."""\n\n\ndef open_door() -> None:\n    pass\n', "D103"),
        ('"""Says what is in it."""\n\n\ndef open_door() -> None:\n    """Opens the door."""\n', "D401"),
    ],
)
def test_a_docstring_that_is_missing_or_not_imperative_fails(text: str, rule: str) -> None:
    command: list[str | Path] = [BIN / "ruff", "check", "--output-format=concise", "--stdin-filename=cli/door.py", "-"]
    done = subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert rule in done.stdout


@pytest.fixture
def fresh_clone(tmp_path: Path) -> Path:
    """What CI's script needs: itself, a ``make`` that says what it was given, and nothing to install."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    tools = tmp_path / "tools"
    tools.mkdir()
    _program(tools / "make", 'echo "make $* with ${AUTOSCALE_TEST_KUBECONFIG:-none}"')
    _program(tools / "chromedriver", "")
    return clone


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _cluster(clone: Path, up: str, base: str = "") -> None:
    folder = clone.parent / "shared" / "cluster"
    folder.mkdir(parents=True)
    for name, text in {"up": up, "python-base": base, "down": 'echo down >> "$(dirname "$0")/said"'}.items():
        _program(folder / name, text)


def ci(clone: Path) -> subprocess.CompletedProcess[str]:
    path = f"{clone.parent / 'tools'}{os.pathsep}{os.environ['PATH']}"
    return run(["bash", ".ci/run"], clone, PATH=path, AUTOSCALE_TEST_KUBECONFIG="")


def test_ci_without_a_cluster_runs_the_tests(fresh_clone: Path) -> None:
    done = ci(fresh_clone)
    assert (done.returncode, done.stdout) == (0, "make test with none\n")


def test_ci_tests_on_the_cluster_that_is_there_and_stops_it(fresh_clone: Path) -> None:
    _cluster(fresh_clone, "echo KUBECONFIG=/its/config")
    done = ci(fresh_clone)
    assert (done.returncode, done.stdout) == (0, "make test with /its/config\n")
    assert (fresh_clone.parent / "shared" / "cluster" / "said").read_text() == "down\n"


@pytest.mark.parametrize(
    ("up", "base"),
    [
        ("echo no room >&2; exit 1", ""),
        ("echo no room >&2; echo ready", ""),
        ("echo KUBECONFIG=/its/config", "echo no room; exit 1"),
    ],
    ids=["it fails", "it names no configuration", "no image"],
)
def test_ci_fails_where_the_cluster_does_not_come_up(fresh_clone: Path, up: str, base: str) -> None:
    _cluster(fresh_clone, up, base)
    done = ci(fresh_clone)
    assert done.returncode == 1
    assert "make" not in done.stdout
    assert "the test cluster did not start" in done.stderr
    assert "no room" in done.stderr
    assert (fresh_clone.parent / "shared" / "cluster" / "said").read_text() == "down\n"
