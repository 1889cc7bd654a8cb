"""Recorded runs as Minari data sets, loaded by Minari and held against the environment."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import minari
import numpy as np
import pandas as pd
import pytest

from autoscaling_env.config import load_config
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, RunError
from experiments import Setup, compare, export_minari
from tests.agents.farms import SMALL

HERE = Setup(assignments=SMALL)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("runs"), HERE, ("keda", "static-4"))


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A run of two policies that may be changed."""
    return Path(shutil.copytree(original, tmp_path / original.name))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written where the user's own data sets are."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "own"))


def recorded(folder: Path, where: Any, policies: tuple[str, ...]) -> Path:
    run = compare(list(policies), where, episodes=2, output_dir=folder).folder
    assert run is not None
    return run


def loaded(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> minari.MinariDataset:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    return minari.load_dataset(name)


def test_whatever_agents_saw_a_data_set_has_the_standard_observation(tmp_path: Path) -> None:
    own = Setup(assignments=(*SMALL, "environment.observation=[worker_queue]"))
    run = recorded(tmp_path, own, ("keda",))
    (found,) = export_minari(run, output=tmp_path / "data", name="farm").sets
    assert found.episodes[0].observations.shape[1] == 9


@pytest.mark.parametrize("action", ["delta", "target"])
def test_every_transition_is_one_of_the_environment(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(tmp_path, Setup(assignments=(*SMALL, f"environment.action={action}")), ("keda", "static-4"))
    found = export_minari(run, output=tmp_path / "data", name="farm")
    assert list(found.files) == ["farm/keda-v0", "farm/static-4-v0"]
    env = OpenFaaSAutoscalingEnv(config=load_config(run / "config.yml"), backend="simpy")
    for name, path in found.files.items():
        assert path == tmp_path / "data" / name
        data = loaded(tmp_path / "data", name, monkeypatch)
        assert (data.observation_space, data.action_space) == (env.observation_space, env.action_space)
        assert data.total_episodes == 2
        assert data.storage.metadata["configuration"] == (run / "config.yml").read_text("utf-8")
        for episode in data.iterate_episodes():
            (metadata,) = data.storage.get_episode_metadata([episode.id])
            observation, _ = env.reset(options=metadata["options"])
            np.testing.assert_array_equal(episode.observations[0], observation)
            for step, taken in enumerate(episode.actions):
                observation, reward, terminated, truncated, _ = env.step(int(taken))
                np.testing.assert_array_equal(episode.observations[step + 1], observation)
                assert episode.rewards[step] == reward
                assert (episode.terminations[step], episode.truncations[step]) == (terminated, truncated)
            assert terminated or truncated


def test_a_run_of_several_scenarios_is_a_data_set_for_each(tmp_path: Path) -> None:
    short = {"environment.max_steps": 3}
    run = recorded(tmp_path, [Setup("flash_crowd", settings=short), Setup("reference", settings=short)], ("static-4",))
    found = export_minari(run, output=tmp_path / "data")
    assert set(found.files) == {f"autoscaling/{run.name}/{name}/static-4-v0" for name in ("flash_crowd", "reference")}


def test_policies_are_chosen_and_nothing_is_replaced(run: Path, tmp_path: Path) -> None:
    assert list(export_minari(run, name="farm", agents=["keda"]).files) == ["farm/keda-v0"]
    with pytest.raises(InputError, match="farm/keda-v0: is there already; choose another --name or --output"):
        export_minari(run, name="farm")
    assert not (tmp_path / "own" / "farm" / "static-4-v0").exists()
    with pytest.raises(InputError, match=r"unknown agent of .* 'kedda' \(did you mean 'keda'\?\)"):
        export_minari(run, name="farm", agents=["kedda"])


def test_an_episode_that_was_cut_short_ends_with_its_last_step(run: Path) -> None:
    steps = pd.read_parquet(run / "steps.parquet")
    steps.iloc[:-2].to_parquet(run / "steps.parquet", index=False)
    found = export_minari(run, name="farm")
    assert found.sets[0].row()["Episodes"] == "2"
    assert found.sets[1].row()["Episodes"] == "2 (1 cut short)"


def test_what_lacks_a_part_of_a_transition_says_so(run: Path, tmp_path: Path) -> None:
    steps = pd.read_parquet(run / "steps.parquet")
    steps.drop(columns="reward").to_parquet(run / "steps.parquet", index=False)
    with pytest.raises(RunError, match=r"steps\.parquet: no column reward: no transition without it"):
        export_minari(run)
    steps.assign(requested_delta=7).to_parquet(run / "steps.parquet", index=False)
    with pytest.raises(RunError, match=r"changes by \[7\] are no actions of its configuration \(\[-1, 0, 1\]\)"):
        export_minari(run)
    with pytest.raises(RunError, match="name a run of compare, evaluate, train or replay"):
        export_minari(tmp_path / "own")
