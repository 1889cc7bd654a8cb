"""Which of an autoscaler's own settings are searched, over which values, and how they are put into a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError, unknown_name
from autoscaling_env.settings import with_overrides

#: Setting of one trial: dotted configuration key -> value.
Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting (a dotted configuration key) and the values to try, the most usual first."""

    key: str
    values: tuple[Any, ...]


#: Ways to limit scaling down that people write into manifests: everything at once, a tenth, two pods.
DOWN_POLICIES: tuple[list[dict[str, Any]], ...] = (
    [{"type": "Percent", "value": 100, "period_s": 15}],
    [{"type": "Percent", "value": 10, "period_s": 15}],
    [{"type": "Pods", "value": 2, "period_s": 15}],
)
WINDOWS_S = (300, 120, 60, 30, 15, 0)

TUNABLE = ("keda", "hpa", "reactive")


def search_space(policy: str, config: Config) -> tuple[Parameter, ...]:
    """Return what can be tuned about ``keda``, ``hpa`` or ``reactive`` for the farm of ``config``.

    Flags of the cluster's controller (sync period, tolerance) are left alone: no manifest can set them.

    Raises:
        InputError: nothing can be tuned about that policy.
    """
    spaces = {"keda": _keda(config), "hpa": _hpa(config), "reactive": _reactive()}
    if policy not in spaces:
        raise InputError(unknown_name("policy to tune", policy, TUNABLE))
    return spaces[policy]


def applied(config: Config, settings: Settings) -> Config:
    """Return ``config`` with the settings of one trial; a behavior that was null comes into being."""
    overrides: dict[str, Any] = {}
    for key, value in settings.items():
        head, behavior, tail = key.partition(".behavior.")
        if behavior:
            _put(overrides.setdefault(f"{head}.behavior", {}), tail.split("."), value)
        else:
            overrides[key] = value
    return with_overrides(config, overrides)


def nested(settings: Settings) -> dict[str, Any]:
    """Return dotted keys as the mapping a YAML file has."""
    data: dict[str, Any] = {}
    for key, value in settings.items():
        _put(data, key.split("."), value)
    return data


def _keda(config: Config) -> tuple[Parameter, ...]:
    target = Parameter("agents.keda.list_length", (5, 1, 2, 3, 8, 13, 21))
    space = (target, _minimum(config), *_behavior("agents.keda"))
    polling = Parameter("agents.keda.polling_interval_s", (30, 15, 5))
    if config.farm.min_workers == 0:  # cooldown only matters where KEDA goes to zero
        return (*space, polling, Parameter("agents.keda.cooldown_period_s", (300, 120, 60, 30)))
    return (*space, polling) if config.agents.keda.use_cached_metrics else space


def _hpa(config: Config) -> tuple[Parameter, ...]:
    targets = (80, 50, 60, 70, 90) if config.agents.hpa.metric == "utilisation" else (5, 1, 2, 3, 8, 13, 21)
    return (Parameter("agents.hpa.target", targets), _minimum(config), *_behavior("agents.hpa"))


def _minimum(config: Config) -> Parameter:
    """Return minReplicas: the farm's own minimum, or more up to what it starts with."""
    farm = config.farm
    more = (count for count in (2, 4, 8, 12, 16, 24) if farm.min_workers < count <= farm.initial_workers)
    return Parameter("farm.min_workers", (farm.min_workers, *more))


def _behavior(section: str) -> tuple[Parameter, ...]:
    return (
        Parameter(f"{section}.behavior.scale_down.stabilization_window_s", WINDOWS_S),
        Parameter(f"{section}.behavior.scale_down.policies", DOWN_POLICIES),
        Parameter(f"{section}.behavior.scale_up.stabilization_window_s", (0, 15, 30)),
    )


def _reactive() -> tuple[Parameter, ...]:
    return (
        Parameter("agents.reactive.horizon_s", (8, 4, 12, 16, 24, 40)),
        Parameter("agents.reactive.safety", (1.0, 0.8, 1.2, 1.5, 2.0, 3.0)),
    )


def _put(data: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value
