"""Whoever follows ``CONTRIBUTING.md`` adds a policy, a scenario and a farm that every command finds."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.docs.test_blocks import blocks, run
from tests.places import ROOT
from tests.waiting import PATIENCE_S

PAGE = ROOT / "CONTRIBUTING.md"
NAMED = re.compile(r"# (\S+\.(?:py|yml|toml))\n")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A virtual environment that sees the packages of ours, so that what is installed there stays there."""
    place = tmp_path_factory.mktemp("venv")
    venv.create(place, with_pip=False)
    binaries = place / "bin"
    python = binaries / "python"
    libraries = sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)})
    (Path(libraries) / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    for name, module in {"pip": "pip._internal.cli.main", "autoscale": "cli.main"}.items():
        (binaries / name).write_text(f"#!{python}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
        (binaries / name).chmod(0o755)
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": ""}
    return os.environ | offline | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page tells to write, written."""
    folder = tmp_path_factory.mktemp("contribution")
    for block in blocks(PAGE):
        if found := NAMED.match(block.text):
            path = folder / found[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text)
    return folder


def commands(*, install: bool) -> list[str]:
    """Return the lines of the page's shell blocks that need the package (not) to be installed, without make's."""
    found: list[str] = []
    installed = False
    for block in blocks(PAGE):
        if block.language == "bash":
            installed = installed or "pip install" in block.text  # from here on: what stands before it there is for it
            found += block.text.splitlines() if installed == install else []
    return [line for line in found if not line.startswith("make ")]


@pytest.mark.slow
@pytest.mark.parametrize("install", [False, True], ids=["as modules", "installed"])
def test_what_the_page_tells_to_run_runs(package: Path, environment: dict[str, str], *, install: bool) -> None:
    lines = commands(install=install)
    assert len(lines) >= 4
    for line in lines:
        run(["bash", "-euo", "pipefail", "-c", line], package, environment, line)


@pytest.mark.slow
def test_a_farm_of_another_package_is_completed(package: Path, environment: dict[str, str]) -> None:
    (package / "mine" / "__init__.py").touch()
    run(["pip", "install", "-q", "-e", "."], package, environment, "pip")
    asked = {"COMP_WORDS": "autoscale compare --backend qu", "COMP_CWORD": "3", "_AUTOSCALE_COMPLETE": "complete_bash"}
    done = subprocess.run(
        ["autoscale"],
        cwd=package,
        env=environment | asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert done.stdout.split() == ["quota"]


def test_every_block_is_written_or_run() -> None:
    for block in blocks(PAGE):
        assert block.language == "bash" or NAMED.match(block.text), f"CONTRIBUTING.md:{block.line}: name its file"


def test_make_knows_the_targets() -> None:
    text = PAGE.read_text("utf-8")
    targets = sorted(set(re.findall(r"^make (\w+)|`make (\w+)", text, re.MULTILINE)))
    for target in ("".join(pair) for pair in targets):
        done = subprocess.run(
            ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stderr
