"""A terminal or file that cannot take every character gets question marks, not a traceback."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cli import console, terminal
from cli.main import main

QUICK = ("--episodes", 2, "--max-steps", 3)
COMMANDS = {
    "compare": ("compare", "--agents", "static-12,average", *QUICK),
    "train": ("train", "sarsa", *QUICK, "--eval-episodes", 1),
    "baselines": ("baselines", "--steps", 3),
    "tune": ("tune", "keda", "--budget", 2, "--episodes", 1, "--max-steps", 3),
    "help": ("compare", "--help"),
    "workload": ("workload", "show"),
    "error": ("compare", "--agents", "średni"),
}


@pytest.mark.parametrize("watched", [False, True], ids=["piped", "terminal"])
@pytest.mark.parametrize("encoding", ["ascii", "iso8859-2"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints(
    command: str, encoding: str, watched: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["autoscale", *map(str, COMMANDS[command])])
    printed = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in printed.items():
        monkeypatch.setattr(sys, name, stream)
    monkeypatch.setattr(console.out, "file", sys.stdout)
    err = Console(file=sys.stderr, emoji=False, force_terminal=watched, width=80)  # progress bars, where it is watched
    for module in (console, terminal):
        monkeypatch.setattr(module, "err", err)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == (2 if command == "error" else 0)
    for stream in printed.values():
        stream.flush()
    out, told = (stream.buffer.getvalue().decode(encoding) for stream in printed.values())
    if command == "compare":
        assert "standard deviation over 2 episodes" in out
        assert "Episode return" in out
    if command == "error":
        assert "unknown agent '?redni'" in told or "unknown agent 'średni'" in told


def test_what_the_shell_sets_counts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "compare", "--agents", "static-12", *map(str, QUICK)],
        cwd=tmp_path, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"mean ? standard deviation" in done.stdout
