"""Single values of a configuration replaced, and validated again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import index
from typing import Any, TypedDict

from pydantic import BaseModel, ValidationError

from autoscaling_env.config import Config, default_config
from autoscaling_env.config.problems import Source, explain
from autoscaling_env.errors import ConfigError, InputError, unknown_name

#: Arguments of the environments that stand for a value of the configuration -> its dotted key.
KNOBS: dict[str, str] = {
    "max_workers": "farm.max_workers",
    "min_workers": "farm.min_workers",
    "initial_workers": "farm.initial_workers",
    "observation_window": "environment.observation_window_s",
    "step_duration": "environment.step_duration_s",
    "max_steps": "environment.max_steps",
    "action": "environment.action",
    "phase_shuffle": "environment.phase_shuffle",
    "phase_shuffle_seed": "environment.phase_shuffle_seed",
    "observation": "environment.observation",
    "reward": "reward",
    "levels": "environment.levels",
    "level_set": "environment.level_set",
    "start_level": "environment.start_level",
    "randomize": "randomize",
}

#: Seeds are recorded in columns of so many bits, sign included.
SEED_BITS = 64


class Knobs(TypedDict, total=False):
    """The arguments of ``KNOBS``; None leaves the configuration's value."""

    max_workers: int | None
    min_workers: int | None
    initial_workers: int | None
    observation_window: float | None
    step_duration: float | None
    max_steps: int | None
    action: str | None
    phase_shuffle: bool | None
    phase_shuffle_seed: int | None
    observation: Sequence[str | Mapping[str, Any]] | None
    reward: str | Mapping[str, float] | Callable[[Mapping[str, Any]], Any] | None
    levels: int | None
    level_set: str | None
    start_level: int | None
    randomize: Mapping[str, Any] | None


def configured(config: Config | None, knobs: Knobs, others: Iterable[str] = ()) -> Config:
    """Return ``config`` (the reference deployment if None) with the given knobs; ``others`` are arguments beside them.

    Raises:
        InputError: an unknown knob, or a value that is not allowed; every problem, one line each.
    """
    problems = [unknown_name("argument", name, (*KNOBS, *others)) for name in knobs if name not in KNOBS]
    given: Any = config
    if not isinstance(given, Config | None):
        problems.append(f"config {given!r}: must be a Config; autoscaling_env.config.load_config reads a file")
    if problems:
        raise InputError(*problems)
    values = {KNOBS[name]: value for name, value in knobs.items() if name != "reward"}
    return with_overrides(with_reward(config or default_config(), knobs.get("reward")), values)


def with_reward(config: Config, reward: Any) -> Config:
    """Return ``config`` with another objective; with None, as it is.

    Args:
        config: to be changed.
        reward: name of an objective, weights of a step's numbers, a function, or its ``module:name``.

    Raises:
        InputError: it is none of these.
    """
    if reward is None:
        return config
    values: dict[str, Any]
    if isinstance(reward, Mapping):
        values = {"objective": "terms", "terms": {name: as_number(value) for name, value in reward.items()}}
    elif callable(reward) or (isinstance(reward, str) and ":" in reward):
        values = {"objective": "function", "function": reward if isinstance(reward, str) else name_of(reward)}
    elif reward in ("shaped", "cost"):
        values = {"objective": reward}
    else:
        allowed = "'shaped', 'cost', a mapping from numbers of the step to weights, a function, or its 'module:name'"
        raise InputError(f"reward {reward!r}: must be {allowed}")
    data = config.model_dump(mode="json")
    data["reward"] |= {"terms": {}, "function": None} | values
    return _validated(data)


def as_number(value: Any) -> Any:
    """Return NumPy's numbers as Python's; anything else as it is."""
    return value.item() if hasattr(value, "item") else value


def name_of(function: Callable[..., Any]) -> str:
    """Return ``module:name``, under which a function is found again; of one without a name, what comes nearest."""
    name = getattr(function, "__name__", type(function).__name__)
    return f"{getattr(function, '__module__', None) or '__main__'}:{name if name.isidentifier() else 'unnamed'}"


def whole_number(name: str, value: Any, *, least: int = 0) -> int:
    """Return the argument ``name``, which must be a whole number (NumPy's, too) from ``least`` to what 64 bits hold.

    Raises:
        InputError: it is not.
    """
    most = 2 ** (SEED_BITS - 1) - 1
    try:
        number = least - 1 if isinstance(value, bool) else index(value)
    except TypeError:
        number = least - 1
    if not least <= number <= most:
        raise InputError(f"{name} {value!r}: must be a whole number from {least} to {most}")
    return number


def seed_of_tasks(value: Any, config: Config) -> int | None:
    """Return the argument ``task_seed``. Raises ``InputError`` if it is no seed, or levels say what is played."""
    if value is None:
        return None
    if config.environment.levels is not None:
        raise InputError("task_seed and levels both say which episodes are played; choose one")
    return whole_number("task_seed", value)


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
    return _validated(data)


def _validated(data: dict[str, Any]) -> Config:
    try:
        return Config.model_validate_json(json.dumps(data, default=_plain))
    except ValidationError as error:
        raise ConfigError(*explain(error, data, [Source("argument", data, {})])) from None


def _plain(value: Any) -> Any:
    """Return what JSON has for values of Python that people give: NumPy's numbers, sections of a configuration."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if hasattr(value, "item"):
        return value.item()
    raise InputError(f"{value!r}: is no value of a configuration")


def _assign(data: Any, path: list[str], value: Any) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = value
