"""Recorded steps as Minari data sets: what offline learning starts from."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import minari
import numpy as np
import pandas as pd
from minari.data_collector import EpisodeBuffer

from autoscaling_env.actions import Actions
from autoscaling_env.config import Config, load_config
from autoscaling_env.config.digest import config_digest, config_yaml
from autoscaling_env.env import OpenFaaSAutoscalingEnv
from autoscaling_env.errors import InputError, RunError, unknown_name
from autoscaling_env.observation import FIELDS
from experiments.environments import load_workload
from experiments.replaying import read_steps

#: Where Minari looks for data sets.
ROOT = "MINARI_DATASETS_PATH"
#: The key of a data set's metadata that holds the run's configuration, as YAML.
CONFIGURATION = "configuration"
OBSERVED = [f"observed_{name}" for name in FIELDS]
#: What a transition is made of, beside what every recorded run has.
NEEDED = ("reward", "terminated", "truncated", *OBSERVED)


@dataclass(frozen=True, slots=True)
class DataSet:
    """The episodes of one policy in one scenario.

    Attributes:
        name: its id.
        config: of the environment.
        agent: whose steps they are.
        episodes: as Minari takes them.
    """

    name: str
    config: Config
    agent: str
    episodes: Sequence[EpisodeBuffer]

    def row(self) -> dict[str, str]:
        """Return what there is to know of it, printable."""
        returns = [sum(each.rewards) for each in self.episodes]
        cut = sum(not (each.terminations[-1] or each.truncations[-1]) for each in self.episodes)
        return {
            "Data set": self.name,
            "Episodes": str(len(self.episodes)) + (f" ({cut} cut short)" if cut else ""),
            "Steps": str(sum(map(len, self.episodes))),
            "Mean return": f"{np.mean(returns):.1f}",
        }


@dataclass(frozen=True, slots=True)
class MinariData:
    """Data sets that were written.

    Attributes:
        sets: what is in them.
        files: where they are, by id.
    """

    sets: Sequence[DataSet]
    files: Mapping[str, Path] = field(default_factory=dict)

    def tables(self) -> Mapping[str, list[dict[str, str]]]:
        """Return printable rows."""
        return {"Minari data sets": [each.row() for each in self.sets]}

    def to_json(self) -> Any:
        """Return what ``--json`` prints."""
        return {each.name: {**each.row(), "path": str(self.files[each.name])} for each in self.sets}


def export_minari(
    run: Path, *, output: Path | None = None, name: str | None = None, agents: Sequence[str] | None = None
) -> MinariData:
    """Write the steps of a run as Minari data sets, one for each policy (and scenario, where it has several).

    An episode of T steps has T + 1 observations. The first is that of a fresh farm, the same on every farm
    (``autoscaling_env.testing.backend``), made again from the run's configuration; the others, rewards and ends are the
    records. Actions are those whose change was recorded. Of an episode that was cut short no step ends it.

    Args:
        run: a run folder with ``steps.parquet``, or of several scenarios.
        output: where data sets are kept; Minari's own folder if left out.
        name: of the data sets, before that of the policy; ``autoscaling/`` and the run's if left out.
        agents: policies whose steps are written; all if left out.

    Raises:
        InputError: the run lacks something that a transition needs, or a data set of that name is there already.
    """
    name = f"autoscaling/{run.name}" if name is None else name
    sets = [
        each for label, folder in _parts(run) for each in _sets(folder, f"{name}/{label}" if label else name, agents)
    ]
    with _root(output):
        taken = [each.name for each in sets if _path(each.name).exists()]
        if taken:
            raise InputError(*(f"{_path(one)}: is there already; choose another --name or --output" for one in taken))
        for each in sets:
            _write(each)
        return MinariData(sets, {each.name: _path(each.name) for each in sets})


def _parts(run: Path) -> list[tuple[str, Path]]:
    """Return the folders with records: the run's own, or one for each scenario, by its name."""
    if (run / "steps.parquet").is_file():
        return [("", run)]
    found = sorted(path.parent for path in run.glob("*/steps.parquet"))
    if not found:
        raise RunError(f"{run / 'steps.parquet'}: not there; name a run of compare, evaluate, train or replay")
    return [(folder.name, folder) for folder in found]


def _sets(folder: Path, name: str, wanted: Sequence[str] | None) -> Iterator[DataSet]:
    steps = read_steps(folder)
    if missing := [column for column in NEEDED if column not in steps.columns]:
        raise RunError(f"{folder / 'steps.parquet'}: no column {', '.join(missing)}: no transition without it")
    there = list(dict.fromkeys(steps["agent"].astype(str)))
    if unknown := [agent for agent in wanted or () if agent not in there]:
        raise InputError(*(unknown_name(f"agent of {folder}", agent, there) for agent in unknown))
    config = _of_records(load_config(folder / "config.yml"))
    with _fresh_farm(config) as env:
        for agent in wanted or there:
            of_agent = steps[steps["agent"] == agent]
            episodes = [_episode(env, rows, folder) for _, rows in of_agent.groupby("episode", sort=True)]
            yield DataSet(f"{name}/{_plain(agent)}-v0", config, agent, episodes)


def _of_records(config: Config) -> Config:
    """Return the configuration of an environment that shows what records hold: the standard observation."""
    return config.model_copy(update={"environment": config.environment.model_copy(update={"observation": None})})


@contextmanager
def _fresh_farm(config: Config) -> Iterator[OpenFaaSAutoscalingEnv]:
    env = OpenFaaSAutoscalingEnv(config=config, workload=load_workload(config))
    try:
        yield env
    finally:
        env.close()


def _episode(env: OpenFaaSAutoscalingEnv, rows: pd.DataFrame, folder: Path) -> EpisodeBuffer:
    rows, seed = rows.sort_values("step"), int(rows["episode_seed"].iloc[0])
    first, info = env.reset(options={"episode_seed": seed})
    before = np.concatenate(([info["requested_workers"]], rows["requested_workers"].to_numpy()[:-1]))
    actions = _actions(Actions.of_info(info), rows["requested_delta"].to_numpy(), before, folder)
    return EpisodeBuffer(
        options={"episode_seed": seed},
        observations=np.concatenate((first[None], rows[OBSERVED].to_numpy(np.float32))),
        actions=actions,
        rewards=rows["reward"].tolist(),
        terminations=rows["terminated"].astype(bool).tolist(),
        truncations=rows["truncated"].astype(bool).tolist(),
    )


def _actions(actions: Actions, changes: Any, before: Any, folder: Path) -> Any:
    """Return int64[steps]: the action whose change was recorded."""
    if not actions.deltas:
        return before + changes - actions.min_workers
    known = np.array(actions.deltas)
    foreign = sorted(set(changes.tolist()) - set(actions.deltas))
    if foreign:
        told = f"changes by {foreign} are no actions of its configuration ({list(actions.deltas)})"
        raise RunError(f"{folder}: {told}: steps that came from elsewhere make no data set")
    return (changes[:, None] == known[None, :]).argmax(axis=1)


def _write(each: DataSet) -> None:
    """Write a data set, whole or not at all, with the configuration that its environment is made from."""
    env = OpenFaaSAutoscalingEnv(config=each.config)
    with _removed_if_not_whole(_path(each.name)), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of no author and no address: those are the user's to give
        data = minari.create_dataset_from_buffers(
            each.name,
            list(each.episodes),
            observation_space=env.observation_space,
            action_space=env.action_space,
            algorithm_name=each.agent,
            data_format="arrow",
            description=f"{each.agent} on a task farm; configuration {config_digest(each.config)}",
        )
        data.storage.update_metadata({CONFIGURATION: config_yaml(each.config)})


@contextmanager
def _removed_if_not_whole(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _root(folder: Path | None) -> Iterator[None]:
    """Let Minari keep its data sets in a folder; its only way of being told is the environment."""
    before = os.environ.get(ROOT)
    if folder is not None:
        os.environ[ROOT] = str(folder.resolve())
    try:
        yield
    finally:
        if folder is not None:
            del os.environ[ROOT]
            if before is not None:
                os.environ[ROOT] = before


def _path(name: str) -> Path:
    return Path(os.environ.get(ROOT, Path.home() / ".minari" / "datasets")) / name


def _plain(agent: str) -> str:
    """Return a policy's name as Minari takes it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", agent)
