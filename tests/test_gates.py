"""Every gate can fail: each is given what it must not let through."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.places import ROOT
from tests.waiting import PATIENCE_S

BIN = Path(sys.executable).parent
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: list[str] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = PYPROJECT["tool"]["importlinter"]["contracts"]
    return found


def run(command: Sequence[str | Path], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
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


def test_the_page_shows_the_layers_that_are_checked() -> None:
    page = (ROOT / "docs" / "design.md").read_text("utf-8")
    (shown,) = (block for block in page.split("```text\n") if block.startswith("cli "))
    rows = [re.split(r"\s{2,}", row)[0].split(" | ") for row in shown.partition("```")[0].splitlines()]
    rooms, environment, controller = (each["layers"] for each in contracts() if each["type"] == "layers")
    checked = _layers(rooms[:-1])
    place = checked.index(["operate"])
    checked[place + 1 : place + 1] = _within("operate", controller)
    assert rows == checked + _within("autoscaling_env", environment)


def _within(room: str, contract: list[str]) -> list[list[str]]:
    return [[f"{room}.{first}", *(f".{name}" for name in more)] for first, *more in _layers(contract)]


def _layers(contract: list[str]) -> list[list[str]]:
    return [layer.split(" | ") for layer in contract]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('"""Says what is in it."""\n\n\ndef open_door() -> None:\n    pass\n', "D103"),
        ('"""Says what is in it."""\n\n\ndef open_door() -> None:\n    """Opens the door."""\n', "D401"),
    ],
)
def test_a_docstring_that_is_missing_or_not_imperative_fails(text: str, rule: str) -> None:
    command: list[str | Path] = [BIN / "ruff", "check", "--output-format=concise", "--stdin-filename=cli/door.py", "-"]
    done = subprocess.run(
        command, cwd=ROOT, input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
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


def of_make(target: str) -> list[str]:
    """Return the words of a target's last command."""
    done = subprocess.run(
        ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    return done.stdout.splitlines()[-1].split()


def test_a_page_that_points_nowhere_fails(tmp_path: Path) -> None:
    *command, pages, _ = of_make("docs")
    assert pages == "docs"
    for name in ("conf.py", "_ext", "_templates"):
        (tmp_path / name).symlink_to(ROOT / "docs" / name)
    reference = "```{eval-rst}\n.. autosummary::\n\n   autoscaling_env.errors.Erors\n```"
    (tmp_path / "index.md").write_text(f"# Index\n\n[page](gone.md)\n[heading](#nowhere)\n\n{reference}\n")
    done = run([ROOT / command[0], *command[1:], tmp_path, tmp_path / "out"], tmp_path)
    assert done.returncode == 1
    for problem in ("gone", "nowhere", "Erors"):
        assert problem in done.stderr


def test_a_test_that_calls_what_is_not_there_fails(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "__init__.py").touch()
    calls = "    assert double(3) == 6\n    double('3')\n    dubble(3)\n"
    (tests / "test_it.py").write_text(
        f"def double(number: int) -> int:\n    return 2 * number\n\ndef test_it():\n{calls}"
    )
    command: list[str | Path] = [
        BIN / "mypy",
        "--config-file",
        ROOT / "pyproject.toml",
        "--cache-dir",
        tmp_path / "cache",
    ]
    done = run([*command, "tests/test_it.py"], tmp_path)
    assert done.returncode == 1
    assert [line.partition(": error")[0] for line in done.stdout.splitlines()[:-1]] == [
        "tests/test_it.py:6",
        "tests/test_it.py:7",
    ]


def test_less_coverage_than_the_floor_fails(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text("import sys\nif len(sys.argv) > 9:\n    print(1)\n    print(2)\n    print(3)\n")
    rules = f"--rcfile={ROOT / 'pyproject.toml'}"
    run([BIN / "coverage", "run", rules, "--source=.", "half.py"], tmp_path)
    command = run(["make", "--dry-run", "covered", "CI=true"], ROOT).stdout
    (report,) = re.findall(r"/coverage (report.*)", command)
    done = run([BIN / "coverage", *report.split(), rules], tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "fail-under" in done.stdout + done.stderr


#: Each hides an arrow between rooms; what is heavy and seldom needed is worth it.
MOST_HIDDEN_IMPORTS = 60


def test_few_imports_hide_in_functions() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{statement.lineno}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        for statement in imports_in_functions(ast.parse(path.read_text("utf-8")))
    ]
    assert len(hidden) <= MOST_HIDDEN_IMPORTS, hidden


def imports_in_functions(module: ast.Module) -> set[ast.stmt]:
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {
        node for function in functions for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
    }
