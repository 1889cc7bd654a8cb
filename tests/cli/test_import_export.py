"""``autoscale import sb3`` and ``autoscale export minari``: from the command line and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("stable_baselines3")

from stable_baselines3 import PPO

from agents.libraries.sb3.vec_env import make_vec_env


@pytest.fixture
def ppo_zip(tmp_path: Path) -> Path:
    PPO("MlpPolicy", make_vec_env(), n_steps=8, batch_size=8, device="cpu").save(tmp_path / "ppo.zip")
    return tmp_path / "ppo.zip"


def test_a_model_of_theirs_is_a_policy_of_ours(autoscale, ppo_zip: Path) -> None:
    imported = autoscale("import", "sb3", "ppo.zip", "--json").json()
    assert imported["files"] == {"model": "ppo.safetensors"}
    assert imported["policy"] == "sb3-ppo"
    shown = autoscale("import", "sb3", ppo_zip, "-o", "again.safetensors")
    assert "sb3-ppo" in shown.out
    assert Path("again.safetensors").read_bytes() == Path("ppo.safetensors").read_bytes()
    compared = autoscale("compare", "--agents", "ppo.safetensors,static-12", "--episodes", 1, "--json")
    assert set(compared.json()["agents"]) == {"sb3-ppo", "static-12"}


def test_a_zip_is_no_policy_and_is_told_how_it_becomes_one(autoscale, ppo_zip: Path) -> None:
    outcome = autoscale("compare", "--agents", "ppo.zip,static-12", "--episodes", 1)
    assert outcome.code == 2
    assert (
        "holds pickles, which are never run: turn it into a model file with `autoscale import sb3 ppo.zip`"
        in outcome.err
    )
    assert not Path("runs").exists()


def test_what_cannot_be_imported_is_one_line(autoscale, ppo_zip: Path) -> None:
    for arguments, said in (
        (("nothing.zip",), "nothing.zip: cannot be read"),
        (("ppo.zip", "-o", "ppo.pt"), "--output ppo.pt: models end in .safetensors"),
        (("ppo.zip", "--direct"), "chooses among 3 actions, the configuration has 32"),
    ):
        outcome = autoscale("import", "sb3", *arguments)
        assert outcome.code == 2
        assert said in outcome.err
        assert len(outcome.err.splitlines()) == 1
    assert not list(Path().glob("*.safetensors"))


def test_a_run_becomes_a_data_set(autoscale) -> None:
    minari = pytest.importorskip("minari")
    run = autoscale("compare", "--agents", "keda,static-12", "--episodes", 1, "--json").json()["files"]["records"]
    exported = autoscale("export", "minari", run, "--agents", "keda", "-o", "data", "--name", "farm", "--json").json()
    assert list(exported) == ["farm/keda-v0"]
    assert Path(exported["farm/keda-v0"]["path"]).is_dir()
    metadata = json.loads(Path("data/farm/keda-v0/data/metadata.json").read_text())
    assert metadata["total_episodes"] == 1
    assert minari.__version__ == metadata["minari_version"].lstrip("~=")
    again = autoscale("export", "minari", run, "--agents", "keda", "-o", "data", "--name", "farm")
    assert again.code == 2
    assert "is there already" in again.err
