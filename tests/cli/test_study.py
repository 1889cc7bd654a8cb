"""``autoscale study``: from an empty folder to a report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autoscaling_env.config.yaml import dumped
from tests.experiments.studies.making import RULES, TINY
from tests.waiting import PATIENCE_S


def test_from_an_empty_folder_to_a_report(autoscale) -> None:
    assert autoscale("study", "init", "tiny.yml").code == 0
    Path("tiny.yml").write_text(dumped(RULES))
    planned = autoscale("study", "plan", "tiny.yml")
    assert "tiny: 1 of 1 cells to run" in planned.out
    assert "no run of it yet" in autoscale("study", "status", "tiny.yml").out
    ran = autoscale("study", "run", "tiny.yml", "--jobs", 1)
    assert (ran.code, ran.out) == (0, "1 of 1 cells done, 0 running\n")
    assert autoscale("study", "plan", "tiny.yml", "--json").json()["done"] == 1
    assert autoscale("study", "status", "tiny.yml", "--json").json()["last"]["ended"]
    reported = autoscale("study", "report", "tiny.yml")
    assert "static-9" in reported.out
    assert Path("tiny-report/report.md").is_file()
    assert autoscale("study", "report", "tiny.yml", "--json").json()["done"] == 1
    assert json.loads(autoscale("study", "schema").out)["title"] == "Study"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "none.yml"], "error: none.yml: cannot be read: No such file"),
        (["run", "study.yml", "--on", "rai"], "error: unknown place 'rai' (did you mean 'ray'?)"),
        (["run", "study.yml", "--address", "auto"], "error: --address auto: belongs to --on ray"),
        (["run", "study.yml", "--store", "file"], "error: store "),
        (["run", "study.yml", "--store", "nosuch://x"], "error: store nosuch://x: Protocol not known"),
        (
            ["plan", "wrong.yml"],
            "error: wrong.yml:1: name: is missing\nerror: wrong.yml:2: nam: unknown key (did you mean 'name'?)",
        ),
        (["report", "study.yml"], "error: tiny: no evaluation is finished; run it with autoscale study run"),
        (["init", "study.yml"], "error: study.yml: is there already"),
    ],
)
def test_what_cannot_be_is_one_line(autoscale, arguments: list[str], message: str) -> None:
    Path("study.yml").write_text(dumped(RULES))
    Path("wrong.yml").write_text("scenarios: [ramp]\nnam: x\n")
    Path("file").touch()
    outcome = autoscale("study", *arguments)
    assert outcome.code == 2
    assert outcome.err.startswith(message)
    assert not list(Path().glob("studies/done/*"))


def test_what_fails_is_the_exit_code(autoscale) -> None:
    Path("mine_fails.py").write_text("def make(): raise ValueError('no policy today')\n")
    Path("study.yml").write_text(
        dumped({**RULES, "evaluate": {"policies": ["mine_fails:make", "static-9"], "episodes": 1}})
    )
    outcome = autoscale("study", "run", "study.yml", "--jobs", 1)
    assert outcome.code in {1, 2}
    assert "no policy today" in outcome.out + outcome.err


@pytest.mark.slow
def test_ctrl_c_ends_it_and_the_same_command_goes_on(tmp_path: Path) -> None:
    settings = {"agents.training": {"checkpoint_every": 10, "eval_episodes": 1}}
    train = {**TINY["train"][0], "episodes": 100, "seeds": 1, "settings": settings}
    (tmp_path / "study.yml").write_text(dumped({**TINY, "train": [train]}))
    command = [sys.executable, "-m", "cli", "study", "run", "study.yml", "--jobs", "1"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("studies/cells/*/*/models/sarsa_ep0010.safetensors")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=PATIENCE_S)
    assert running.returncode == 130, err
    assert "goes on" in err
    assert len(list(tmp_path.glob("studies/done/*.json"))) <= 2  # of the rule alone
    rest = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=500)
    assert rest.returncode == 0, rest.stderr
    assert len(list(tmp_path.glob("studies/done/*.json"))) == 3
    assert len(list(tmp_path.glob("studies/cells/*/*"))) == 3
