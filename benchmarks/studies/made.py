"""Studies to measure with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autoscaling_env.config.yaml import dumped
from experiments.studies.planning import Opened, open_study
from experiments.studies.store import manifests

#: Constants that short cells play.
CONSTANTS = 10


def short(cells: int) -> dict[str, Any]:
    """Return a study of so many cells of one episode of one step: next to nothing but what a cell costs anyway."""
    return {
        "name": "short",
        "scenarios": ["flash_crowd"],
        "settings": {"environment.max_steps": 1},
        "evaluate": {
            "policies": [f"static-{count}" for count in range(5, 5 + CONSTANTS)],
            "runs": cells // CONSTANTS,
            "episodes": 1,
            "record": "episodes",
        },
    }


def long(cells: int, episodes: int) -> dict[str, Any]:
    """Return a study of so many trainings of SARSA on so many episodes."""
    return {
        "name": "long",
        "scenarios": ["flash_crowd"],
        "train": [
            {
                "agents": ["sarsa"],
                "seeds": cells,
                "episodes": episodes,
                "settings": {"agents.training": {"eval_episodes": 1, "checkpoint_every": 100_000}},
            }
        ],
        "evaluate": {"episodes": 1, "record": "episodes"},
    }


def mixed(seeds: int, episodes: int) -> dict[str, Any]:
    """Return a study of trainings with many checkpoints, and of rules beside them."""
    return {
        "name": "mixed",
        "scenarios": ["flash_crowd", "ramp"],
        "settings": {"environment.max_steps": 30},
        "train": [
            {
                "agents": ["sarsa"],
                "seeds": seeds,
                "episodes": episodes,
                "settings": {"agents.training": {"eval_episodes": 2, "checkpoint_every": 10}},
            }
        ],
        "evaluate": {"policies": ["keda", "static-9"], "episodes": 2},
        "report": {"against": "static-9"},
    }


def written(folder: Path, said: Mapping[str, Any], store: str | None = None) -> Path:
    """Write a study's file whose results lie beside it, or in a store."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "study.yml"
    file.write_text(dumped(json.loads(json.dumps({**said, "store": store or str(folder / "store")}))), "utf-8")
    return file


def opened(folder: Path, said: Mapping[str, Any], store: str | None = None) -> Opened:
    """Return a study made out whose results lie in a folder, or in a store."""
    return open_study(written(folder, said, store))


def record_hashes(study: Opened) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of every record of every finished cell, by address."""
    return {address: each["files"] for address, each in manifests(study.store, list(study.once)).items()}
