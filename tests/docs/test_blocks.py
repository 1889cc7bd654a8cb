"""Every code block of README and docs is run: shell and Python as they are, YAML against the models.

The blocks of a page of docs follow each other, in one folder. Those of README each stand alone: people paste one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.mark import ParameterSet
from markdown_it import MarkdownIt

from autoscaling_env.config import load_config
from experiments import operate_config
from experiments.studies.expanding import cells_of
from experiments.studies.file import read_study
from tests.docs.preloaded import preloaded
from tests.places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

SHELL, PYTHON = ("bash", "sh", "console"), ("python", "py")
#: Plays on a real farm, in real time.
REAL = ("--live", "--backend local", "operate --demo")
#: Needs a cluster, a gateway or a broker; run by the tests of that place instead.
ELSEWHERE = {
    "kubernetes.md": "tests/live/platforms/kubernetes",
    "openfaas.md": "tests/live/platforms/openfaas",
    "operate-rabbitmq.md": "tests/operate/sources/rabbitmq",
}


@dataclass(frozen=True)
class Block:
    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    tokens = MarkdownIt().parse(page.read_text("utf-8"))
    fences = [token for token in tokens if token.type == "fence"]
    return [
        Block(token.info.split()[0] if token.info else "", token.content, (token.map or [0])[0] + 1) for token in fences
    ]


def examples() -> list[ParameterSet]:
    """What is run together: the blocks of a page, and of README one at a time."""
    found = [(f"README.md:{block.line}", [block]) for block in blocks(ROOT / "README.md")]
    found += [(page.name, blocks(page)) for page in PAGES if page.name not in ELSEWHERE and page.parent != ROOT]
    return [pytest.param(where, these, id=where, marks=_marks(these)) for where, these in found]


def _marks(these: list[Block]) -> list[pytest.MarkDecorator]:
    plays_for_real = any(word in block.text for block in these for word in REAL)
    return [pytest.mark.live] if plays_for_real else []


@pytest.fixture(scope="session")
def commands() -> Iterator[Path]:
    with TemporaryDirectory(prefix="commands-") as folder, preloaded(Path(folder)) as found:
        yield found


@pytest.mark.docs
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("where", "these"), examples())
def test_the_examples_run(where: str, these: list[Block], tmp_path: Path, commands: Path) -> None:
    earlier = ""  # Python blocks of a page are one program
    places = [str(commands), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = os.environ | {"PATH": os.pathsep.join(places)}
    for block in joined(these):
        place = f"{where.partition(':')[0]}:{block.line}"
        if block.language in SHELL:
            run(["bash", "-euo", "pipefail", "-c", _without_make(block.text)], tmp_path, environment, place)
        elif block.language in PYTHON:
            run([sys.executable, "-W", "error", "-c", earlier + block.text], tmp_path, environment, place)
            earlier += block.text
        elif block.language in {"yaml", "yml"}:
            file = tmp_path / "block.yml"
            file.write_text(block.text)
            _checked(file, block.text)
        elif block.language == "json":
            json.loads(block.text)
        elif block.language.startswith("{"):
            pass  # the site's, and tried by its build
        else:
            assert block.language == "text", f"{place}: say what the block is: bash, python, yaml, json or text"


def _checked(file: Path, text: str) -> None:
    """Read a file of YAML as what it is: of a study, a controller, or a configuration."""
    if "\nevaluate:" in text:
        cells_of(read_study(file))
    else:
        (operate_config if "\nsource:" in text else load_config)(file)


def joined(these: list[Block]) -> list[Block]:
    """Return the blocks, those of Python as one where no command stands between: the program goes on, and runs once."""
    found: list[Block] = []
    program: int | None = None
    for block in these:
        if block.language in PYTHON and program is not None:
            found[program] = replace(found[program], text=found[program].text + block.text)
            continue
        if block.language in PYTHON + SHELL:
            program = len(found) if block.language in PYTHON else None
        found.append(block)
    return found


def _without_make(text: str) -> str:
    """The two commands install and test: here it is enough that make knows them."""
    return "\n".join(
        f"make -C {ROOT} -n {line[5:]} >/dev/null" if line.startswith("make ") else line for line in text.splitlines()
    )


def run(command: list[str], folder: Path, environment: dict[str, str], where: str, *, timeout_s: float = 900.0) -> None:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    assert done.returncode == 0, f"{where} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_links_to_files_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for token in MarkdownIt().parse(page.read_text("utf-8")):
            for child in token.children or []:
                target = child.attrGet("href") or child.attrGet("src")
                if isinstance(target, str) and not target.startswith(("http", "#")):
                    assert (page.parent / target.partition("#")[0]).exists(), f"{page.name}: {target} is not there"
