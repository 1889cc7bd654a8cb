"""A configuration as text: YAML to read and feed back, and a hash that tells whether two are the same."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from autoscaling_env.config.root import Config
from autoscaling_env.config.yaml import dumped

#: Keys of a workload that came later.
LATER = ("arrivals", "column", "unit", "timezone", "gaps", "series")
#: Sections of agents that came later, as they were then: whoever leaves them so has the configuration from before.
AGENTS_LATER: dict[str, dict[str, Any]] = {
    "ppo": {
        "episodes": 2000,
        "rollout_episodes": 16,
        "hidden_layers": [64, 64],
        "learning_rate": 0.001,
        "anneal_episodes": None,
        "gamma": 0.9,
        "gae_lambda": 0.95,
        "clip": 0.2,
        "epochs": 10,
        "batch_size": 256,
        "entropy": 0.005,
        "value_weight": 0.5,
        "gradient_clip": 0.5,
        "reward_scale": 0.05,
        "reward_clip": 5.0,
    },
}


def config_yaml(config: Config) -> str:
    """Return the resolved configuration as YAML that ``--config`` reads back to the same value."""
    return dumped(config.model_dump(mode="json"))


def config_digest(config: Config) -> str:
    """Return the SHA-256 of the resolved configuration.

    What came later is left out where it changes nothing, so that runs and models from before still fit.
    """
    data = config.model_dump(mode="json")
    _drop_unused(data)
    for section in (data["workload"], *data["workload"].get("phases", ())):
        for name in LATER:
            if section.get(name, ...) is None:
                del section[name]
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _drop_unused(data: dict[str, Any]) -> None:
    """Drop what says no more than its absence: actions, levels, lists, objectives and draws."""
    environment, reward = data["environment"], data["reward"]
    unused = {"action": environment["action"] == "delta", "observation": environment["observation"] is None}
    unused |= dict.fromkeys(("levels", "level_set", "start_level"), environment["levels"] is None)
    for name in [name for name, drop in unused.items() if drop]:
        del environment[name]
    for name in ("terms", "function"):
        if not reward[name]:
            del reward[name]
    if not data["randomize"]:
        del data["randomize"]
    for name, at_first in AGENTS_LATER.items():
        if data["agents"][name] == at_first:
            del data["agents"][name]
