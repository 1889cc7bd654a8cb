"""Single values of a configuration replaced, and validated again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from autoscaling_env.config import Config
from autoscaling_env.config.problems import Source, explain
from autoscaling_env.errors import ConfigError


def with_overrides(config: Config, overrides: Mapping[str, Any]) -> Config:
    """Return ``config`` with dotted keys replaced; keys whose value is None are left as they are.

    Raises:
        ConfigError: every problem found, one line each.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    if not given:
        return config
    data = config.model_dump(mode="json")
    for key, value in given.items():
        _assign(data, key.split("."), value)
    try:
        return Config.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise ConfigError(*explain(error, data, [Source("argument", data, {})])) from None


def _assign(data: Any, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = value
