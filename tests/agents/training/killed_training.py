"""Kills training with SIGKILL at random moments, again and again; checks every checkpoint and resumes.

    python -m tests.agents.training.killed_training sarsa 200 [--envs 8] [--longest-s 1.2]

Prints one JSON line: the kills, those that met a file being written, those after which more episodes lay behind,
checkpoints read, and whether the final model and records are those of a training that was never killed. A child lives
for up to ``--longest-s``; give a slow machine more.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd  # noqa: F401 - imported before forking, so that children start at once
import pyarrow.parquet  # noqa: F401 - same
import tensorboard.summary.writer.event_file_writer  # noqa: F401 - same

from agents.checkpoint import read_checkpoint
from agents.training import LEARNERS, resume, train
from autoscaling_env.config import Config
from autoscaling_env.run_folder import RunFolder
from simulator.vector_env import AutoscalingVectorEnv
from tests.agents.farms import make_classroom, make_env, small_config

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORDS = ("training_metrics.json", "evaluation_metrics.json", "training_state_visits.json", "steps.parquet")


def make_envs(config: Config, num_envs: int) -> AutoscalingVectorEnv:
    """Return compiled farms that are played at once."""
    return AutoscalingVectorEnv(num_envs, config=config)


def settings(agent: str, envs: int) -> tuple[str, ...]:
    """Return a training that writes a checkpoint after every second episode or round, and never ends by itself."""
    return (
        f"agents.{agent}.episodes=100000",
        f"agents.training.checkpoint_every={max(2, envs)}",
        "agents.training.eval_episodes=1",
        f"agents.training.envs={envs}",
    )


def factories(envs: int) -> dict[str, Any]:
    """Return what makes the environments."""
    return {"env_factory": make_env, "classroom": make_classroom} | (
        {"vector_env_factory": make_envs} if envs > 1 else {}
    )


def start(agent: str, envs: int, folder: RunFolder) -> None:
    """Train, or go on where the folder holds a run."""
    if (folder.path / "manifest.json").exists():
        resume(folder, **factories(envs))
    else:
        config = small_config(*settings(agent, envs))
        train(agent, config, **factories(envs), seed=5, folder=folder, started=NOW)


def killed(agent: str, envs: int, folder: RunFolder, after_s: float) -> None:
    """Run ``start`` in a child, and kill it after so many seconds."""
    child = os.fork()
    if child == 0:
        try:
            start(agent, envs, folder)
        finally:
            os._exit(1)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the child ended before it was killed")


def checked(folder: Path) -> tuple[int, int]:
    """Read every checkpoint; return how many there are and the episodes behind the newest."""
    found = [read_checkpoint(path).header.episode for path in folder.glob("models/*.safetensors")]
    return len(found), max(found, default=0)


def main(agent: str, kills: int, envs: int, longest_s: float) -> dict[str, object]:
    """Kill, check, resume; then finish and compare with a training that ran through."""
    LEARNERS[agent](small_config(), 0)  # imports what the agent needs, before forking
    make_env(small_config()).reset(seed=0)
    if envs > 1:
        make_envs(small_config(), envs).reset(seed=0)
    rng, read, torn, newest, ahead = random.Random(0), 0, 0, 0, 0  # noqa: S311 - when to kill, nothing else
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), agent, NOW)
        for _ in range(kills):
            killed(agent, envs, folder, rng.uniform(0, longest_s))
            files, episodes = checked(folder.path)
            torn += bool(list(folder.path.glob("**/.*.*")))
            if episodes < newest:
                raise RuntimeError(f"episodes went back from {newest} to {episodes}")
            read, ahead, newest = read + files, ahead + (episodes > newest), episodes
            for path in folder.path.glob("**/.*.*"):
                path.unlink()
        total = newest + 2
        resume(folder, **factories(envs), episodes=total)
        whole = RunFolder.create(Path(root), "whole", NOW)
        config = small_config(*settings(agent, envs), f"agents.{agent}.episodes={total}")
        train(agent, config, **factories(envs), seed=5, folder=whole, started=NOW)
        names = [*RECORDS, f"models/{agent}_final.safetensors"]
        same = all((folder.path / name).read_bytes() == (whole.path / name).read_bytes() for name in names)
    return {
        "agent": agent,
        "envs": envs,
        "kills": kills,
        "kills_amid_a_write": torn,
        "kills_that_left_progress": ahead,
        "checkpoints_read": read,
        "episodes": total,
        "as_never_killed": same,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agent")
    parser.add_argument("kills", type=int)
    parser.add_argument("--envs", type=int, default=1)
    parser.add_argument("--longest-s", type=float, default=1.2)
    given = parser.parse_args()
    print(json.dumps(main(given.agent, given.kills, given.envs, given.longest_s)))
