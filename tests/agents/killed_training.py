"""Kills training with SIGKILL at random moments, again and again; checks every checkpoint and resumes.

    python -m tests.agents.killed_training sarsa 200

Prints one JSON line: the kills, those that met a checkpoint being written, checkpoints read, and whether the
final model and records are those of a training that was never killed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd  # noqa: F401 - imported before forking, so that children start at once
import pyarrow.parquet  # noqa: F401 - same
import tensorboard.summary.writer.event_file_writer  # noqa: F401 - same

from agents.checkpoint import read_checkpoint
from agents.training import LEARNERS, resume, train
from autoscaling_env.run_folder import RunFolder
from tests.agents.farms import make_env, small_config

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORDS = ("training_metrics.json", "evaluation_metrics.json", "training_state_visits.json", "steps.parquet")


def settings(agent: str) -> tuple[str, ...]:
    """Return a training that writes a checkpoint after every second episode and never ends by itself."""
    return (f"agents.{agent}.episodes=100000", "agents.training.checkpoint_every=2", "agents.training.eval_episodes=1")


def start(agent: str, folder: RunFolder) -> None:
    """Train, or go on where the folder holds a run."""
    if (folder.path / "manifest.json").exists():
        resume(folder, env_factory=make_env)
    else:
        train(agent, small_config(*settings(agent)), env_factory=make_env, seed=5, folder=folder, started=NOW)


def killed(agent: str, folder: RunFolder, after_s: float) -> None:
    """Run ``start`` in a child, and kill it after so many seconds."""
    child = os.fork()
    if child == 0:
        try:
            start(agent, folder)
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


def main(agent: str, kills: int) -> dict[str, object]:
    """Kill, check, resume; then finish and compare with a training that ran through."""
    LEARNERS[agent](small_config(), 0)  # imports what the agent needs, before forking
    make_env(small_config()).reset(seed=0)
    rng, read, torn, newest = random.Random(0), 0, 0, 0  # noqa: S311 - when to kill, nothing else
    with tempfile.TemporaryDirectory() as root:
        folder = RunFolder.create(Path(root), agent, NOW)
        for _ in range(kills):
            killed(agent, folder, rng.uniform(0, 1.2))
            files, episodes = checked(folder.path)
            torn += bool(list(folder.path.glob("**/.*.*")))
            if episodes < newest:
                raise RuntimeError(f"episodes went back from {newest} to {episodes}")
            read, newest = read + files, episodes
            for path in folder.path.glob("**/.*.*"):
                path.unlink()
        total = newest + 2
        resume(folder, env_factory=make_env, episodes=total)
        whole = RunFolder.create(Path(root), "whole", NOW)
        config = small_config(*settings(agent), f"agents.{agent}.episodes={total}")
        train(agent, config, env_factory=make_env, seed=5, folder=whole, started=NOW)
        names = [*RECORDS, f"models/{agent}_final.safetensors"]
        same = all((folder.path / name).read_bytes() == (whole.path / name).read_bytes() for name in names)
    return {
        "agent": agent,
        "kills": kills,
        "kills_amid_a_write": torn,
        "checkpoints_read": read,
        "episodes": total,
        "as_never_killed": same,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
