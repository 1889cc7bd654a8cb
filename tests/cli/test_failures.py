"""What cannot be: places that cannot be written to, streams that are closed, command lines that cannot be read."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "cli"]
QUICK = ("--agents", "static-12", "--episodes", 1, "--max-steps", 3)
FULL = Path("/dev/full")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["workload", "convert", "-o", "."], "error: .: Is a directory; name a file"),
        (["workload", "convert", "-o", "file/x.csv"], "error: file/x.csv: Not a directory; choose another place"),
        (["workload", "convert", "-o", f"{'x' * 300}/t.csv"], "File name too long; choose a shorter name"),
        (["workload", "plot", "-o", ""], "error: .: Is a directory; name a file"),
        (["workload", "plot", "-o", "file/x.png"], "error: file/x.png: Not a directory; choose another place"),
        (["compare", *QUICK, "--output-dir", "file"], "error: file/compare_run_"),
        (["compare", *QUICK, "--baseline-cache", "file"], "error: --baseline-cache file: cannot be made"),
        (["train", "sarsa", "--output-dir", "file/deeper"], "error: file/deeper/sarsa_run_"),
        (["tune", "keda", "--budget", 1, "--episodes", 1, "-o", "."], "error: .: Is a directory; name a file"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_one_line(autoscale, arguments: list[object], message: str) -> None:
    Path("file").write_text("in the way")
    outcome = autoscale(*arguments)
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1].startswith("error: ")
    assert message in outcome.err
    assert [path.name for path in Path().iterdir()] == ["file"]


@pytest.mark.parametrize("output", ["tasks.csv", "deeper/tasks.csv", "{folder}/tasks.csv"])
def test_a_folder_that_cannot_be_written_to_is_told_by_the_name_that_was_given(
    autoscale, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by that of the file which is written first and would have been renamed."""
    really = os.open

    def refused(path, flags, *arguments, **options):
        if ".tasks.csv." in str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return really(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", refused)
    output = output.format(folder=tmp_path)
    outcome = autoscale("workload", "convert", "-o", output)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == f"error: {output}: Permission denied; choose a place you may write to\n"


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_a_full_disk_is_one_line() -> None:
    with FULL.open("w") as full:
        done = subprocess.run([*COMMAND, "config", "show"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: standard output: No space left on device; make room, or write elsewhere\n"


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    with subprocess.Popen(
        [*COMMAND, "config", "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        assert writer.stdout.read(1) == "{"
        writer.stdout.close()
        assert writer.stderr.read() == ""


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_failure(closed: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cli config show {closed}"],
        capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "60", "NO_COLOR": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["compare", "--episodes", "x"], "--episodes x: must be a whole number; see autoscale compare --help"),
        (["compare", "--episodes=0"], "--episodes 0: must be greater than or equal to 1; see autoscale compare --help"),
        (
            ["compare", "--episodes", 10**23],
            f"--episodes {10**23}: must be less than or equal to 1000000; see autoscale compare --help",
        ),
        (["baselines", "--horizon", "x"], "--horizon x: must be a number; see autoscale baselines --help"),
        (["compar"], "No such command 'compar' (did you mean 'compare'?); see autoscale --help"),
        (["compare", "--epi"], "No such option: --epi (Possible options: --episodes, --help, --series); see autoscale"),
        (["evaluate"], "Missing argument 'MODEL'; see autoscale evaluate --help"),
        (["tune", "keda", "-o"], "Option '-o' requires an argument; see autoscale --help"),
        (["workload", "show", "--objective", "cost"], "No such option: --objective; see autoscale workload show"),
        (
            ["compare", "--scenarios", "ramp", "--trace", "x.csv"],
            "--trace and the scenario ramp both say what the tasks are; choose one",
        ),
        (["train", "dqn", "--scenario", "ramp", "--trace", "x"], "--trace and the scenario ramp both say"),
        (
            ["compare", "--objective", "costs"],
            '--objective: reward.objective: "costs": must be shaped or cost or terms or function (did',
        ),
    ],
)
def test_a_command_line_that_cannot_be_read_is_one_line(autoscale, arguments: list[object], line: str) -> None:
    outcome = autoscale(*arguments)
    assert outcome.code == 2
    assert outcome.out == ""
    (told,) = outcome.err.splitlines()
    assert told.startswith(f"error: {line}")


def test_the_command_alone_explains_itself(autoscale) -> None:
    outcome = autoscale()
    assert (outcome.code, outcome.err) == (2, "")
    assert "Usage: autoscale" in outcome.out


def test_what_an_extra_brings_is_named_where_it_is_missing(tmp_path: Path) -> None:
    words = "autoscale compare --backend local --agents static-2"
    program = f"import sys; sys.modules['redis'] = None; sys.argv = {words.split()}"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; from cli.main import main; main()"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    remedy = "pip install 'openfaas-autoscaling[live]' (in a checkout: make install)"
    assert (done.returncode, done.stderr) == (2, f"error: this needs redis, which is not installed; {remedy}\n")
