"""Packages that a test installs: a folder with a module and its announcement, put on the path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def distribution(folder: Path, name: str, files: Mapping[str, str], entry_points: str) -> Path:
    """Write a package ``name`` as an installer leaves it; return the folder to put on the path.

    Args:
        folder: where.
        name: of the distribution.
        files: path below ``folder`` -> text.
        entry_points: content of ``entry_points.txt``.
    """
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(entry_points)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


#: Completes each of the command lines that stand in its input, as a shell would ask for.
COMPLETES = """
import io, json, os, sys
from contextlib import redirect_stdout
from cli.main import main
offered = []
for words in json.loads(sys.argv[1]):
    os.environ.update(COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1), _AUTOSCALE_COMPLETE="complete_bash")
    sys.argv[:] = ["autoscale"]
    with redirect_stdout(io.StringIO()) as shown:
        try:
            main()
        except SystemExit:
            pass
    offered.append(shown.getvalue().split())
print(json.dumps(offered))
"""


def completed_with(folder: Path, *lines: str, cwd: Path) -> list[list[str]]:
    """Return what the shell offers after each of the command lines, where the package in ``folder`` is installed."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", COMPLETES, json.dumps(lines)]
    done = subprocess.run(
        command, cwd=cwd, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def run_with(folder: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run ``autoscale`` where the package in ``folder`` is installed."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [str(Path(sys.executable).parent / "autoscale"), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
