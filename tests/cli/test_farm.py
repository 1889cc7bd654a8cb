"""``autoscale farm`` and the live commands, on a real farm of processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.live, pytest.mark.slow]
COMMAND = [sys.executable, "-m", "cli"]


def autoscale(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"TMPDIR": str(folder)}
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_farm_goes_up_is_seen_and_goes_down_without_a_trace(tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    command = [*COMMAND, "farm", "up", "--workers", "2"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        assert up.stdout.readline() == "farm farm: 2 workers ready\n"
        members = psutil.Process(up.pid).children(recursive=True)
        status = json.loads(autoscale(tmp_path, "farm", "status", "--json").stdout)
        assert (status["controlled"], len(status["workers"]), status["enqueued_total"]) == (True, 2, 0)
        second = autoscale(tmp_path, "farm", "up")
        assert second.returncode == 1
        assert f"farm 'farm' is up already (process {up.pid})" in second.stderr
        assert autoscale(tmp_path, "farm", "down").stdout == "farm farm: down\n"
        assert up.wait(timeout=PATIENCE_S) == 0
    assert autoscale(tmp_path, "farm", "down").stdout == "farm farm: not up\n"
    assert members
    _, alive = psutil.wait_procs(members, timeout=PATIENCE_S)
    assert not alive


def test_no_farm_is_one_line(tmp_path: Path) -> None:
    found = autoscale(tmp_path, "farm", "status")
    assert found.returncode == 1
    assert found.stderr.strip() == "error: farm 'farm' is not up here; start it with `autoscale farm up`"


def test_a_farm_that_nobody_brings_up_is_one_line(tmp_path: Path) -> None:
    found = autoscale(tmp_path, "farm", "up", "--backend", "sim")
    assert found.returncode == 2
    assert found.stderr.startswith("error: --backend sim: there is nothing to bring up or down; choose from ")


def test_a_live_run_is_verified_calibrated_replayed_and_held_against_the_simulator(tmp_path: Path) -> None:
    quick = ["--episodes", "1", "--max-steps", "3", "--set", "live.time_scale=0.1"]
    live = autoscale(tmp_path, "compare", "--agents", "static-12", "--backend", "local", *quick, "--json")
    assert live.returncode == 0, live.stderr
    run = json.loads(live.stdout)["files"]["records"]
    verified = autoscale(tmp_path, "verify", run, "--json")
    assert verified.returncode == 0, verified.stderr
    (fates,) = json.loads(verified.stdout)
    assert int(fates["ok"]) > 0
    assert fates["lost"] == fates["duplicated"] == fates["unexpected"] == "0"
    assert autoscale(tmp_path, "calibrate", run, "-o", "farm.yml").returncode == 0
    assert autoscale(tmp_path, "config", "check", "farm.yml").returncode == 0
    replayed = autoscale(tmp_path, "replay", run, "--config", "farm.yml", "--json")
    assert replayed.returncode == 0, replayed.stderr
    simulated = json.loads(replayed.stdout)["files"]["records"]
    gap = autoscale(tmp_path, "gap", simulated, run, "--json")
    assert gap.returncode == 0, gap.stderr
    report = json.loads(gap.stdout)
    assert report["observations"]["workers"]["mae"] == 0
    assert report["paired"]["episodes"] == 1


def test_doctor_finds_everything_here(tmp_path: Path) -> None:
    found = json.loads(autoscale(tmp_path, "doctor", "--json").stdout)
    assert {finding["what"] for finding in found} >= {"package redis", "torch", "CPU", "server program"}
    broken = autoscale(tmp_path, "doctor", "--set", "live.redis_url=redis://127.0.0.1:1/0", "--json")
    assert broken.returncode == 1
    assert any(finding["remedy"] for finding in json.loads(broken.stdout) if not finding["ok"])
