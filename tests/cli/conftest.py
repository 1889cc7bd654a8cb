"""Runs ``autoscale`` in this process, in a folder of its own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import console
from cli.main import main


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def autoscale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Outcome]]:
    """Yield ``run(*arguments)``; the working directory is the test's own, and so is what is imported from it."""
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()  # a file written just now is found

    def run(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["autoscale", *map(str, arguments)])
        # What stands behind ``file``: put back, it is standard output again, not what that was when it was asked for.
        monkeypatch.setattr(console.out, "_file", sys.stdout)
        monkeypatch.setattr(console.err, "_file", sys.stderr)
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    yield run
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]
