"""A run that cannot begin leaves nothing: no folder with half of what a run has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from autoscaling_env.run_folder import RunFolder

QUICK = ("--agents", "static-2", "--episodes", 1, "--max-steps", 1)
NOWHERE = ("--set", "live.redis_url=redis://127.0.0.1:1/0")
IMAGES = ("--set", "live.openfaas.image=x", "--set", "live.kubernetes.image=x")


@pytest.mark.parametrize(
    ("backend", "package"),
    [("local", "redis"), ("openfaas", "redis"), ("openfaas", "urllib3"), ("kubernetes", "kubernetes")],
)
@pytest.mark.parametrize("command", [("compare", *QUICK), ("train", "sarsa"), ("replay", "somewhere")])
def test_a_package_that_is_not_there(
    autoscale, monkeypatch: pytest.MonkeyPatch, backend: str, package: str, command: tuple[object, ...]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    outcome = autoscale(*command, "--backend", backend, *([] if command[0] == "replay" else IMAGES))
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: this needs {package}, which is not installed; ")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", [("compare", *QUICK), ("train", "sarsa", "--eval-episodes", 0)])
def test_a_server_that_is_not_there(autoscale, command: tuple[object, ...]) -> None:
    outcome = autoscale(*command, "--backend", "local", *NOWHERE)
    assert outcome.code == 1
    assert "Connection refused" in outcome.err
    if command[0] == "compare":
        assert list(Path("runs").iterdir()) == []
    else:  # the learner that nothing was taught yet is there, and can go on
        assert [path.name for path in Path("runs").glob("*/models/*")] == ["sarsa_ep0000.safetensors"]


def test_what_was_recorded_stays(tmp_path: Path) -> None:
    begun, not_begun = (RunFolder(tmp_path / name) for name in ("begun", "not begun"))
    for folder in (begun, not_begun):
        folder.write_text("config.yml", "")
        folder.write_text("reference/manifest.json", "")
    begun.write_text("ramp/steps.parquet", "")
    for folder in (begun, not_begun):
        with pytest.raises(ValueError, match="no farm"), folder.kept_if_begun():
            raise ValueError("no farm")
    assert [path.name for path in tmp_path.iterdir()] == ["begun"]


def test_at_ctrl_c_it_stays(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.write_text("config.yml", "")
    with pytest.raises(KeyboardInterrupt), folder.kept_if_begun():
        raise KeyboardInterrupt
    assert (tmp_path / "run").is_dir()
