"""A configuration as text: YAML to read and feed back, and a hash that tells whether two are the same."""

from __future__ import annotations

import hashlib
import json

from autoscaling_env.config.root import Config
from autoscaling_env.config.yaml import dumped

#: Keys of a workload that came later.
LATER = ("arrivals", "column", "unit", "timezone", "gaps", "series")


def config_yaml(config: Config) -> str:
    """Return the resolved configuration as YAML that ``--config`` reads back to the same value."""
    return dumped(config.model_dump(mode="json"))


def config_digest(config: Config) -> str:
    """Return the SHA-256 of the resolved configuration.

    What came later is left out where it changes nothing, so that runs and models from before still fit.
    """
    data = config.model_dump(mode="json")
    if data["environment"]["action"] == "delta":
        del data["environment"]["action"]
    if data["environment"]["levels"] is None:
        for name in ("levels", "level_set", "start_level"):
            del data["environment"][name]
    if not data["randomize"]:
        del data["randomize"]
    for section in (data["workload"], *data["workload"].get("phases", ())):
        for name in LATER:
            if section.get(name, ...) is None:
                del section[name]
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
