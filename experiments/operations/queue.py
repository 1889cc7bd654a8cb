"""Somebody's queue in the simulator's terms: its configuration, and the price of a late task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autoscaling_env.config import Config, load_config
from autoscaling_env.config.loading import assigned, layer, read_source, validated
from autoscaling_env.config.problems import Source as Layer
from operate.config import ObjectiveConfig, OperateConfig, operate_model

#: Simulated episodes of a queue take so long; only policies that are searched or trained need them.
EPISODE_S = 3600.0


def operate_config(file: Path | str | Layer, assignments: Sequence[str] = ()) -> OperateConfig:
    """Return the configuration of a controller.

    Raises:
        ConfigError: every problem found, one line each.
    """
    source = file if isinstance(file, Layer) else read_source(Path(file))
    return validated(operate_model(), [source, *assigned(assignments)])


def price_of_a_miss(objective: ObjectiveConfig, service_s: float) -> float:
    """Return what a late task costs, so that keeping the promise is what pays.

    The share that is promised is the newsvendor's critical ratio: with a price of u for a task too late and o for the
    worker-time that a task takes, it pays to be ready for a share of u / (u + o) of what may come (Arrow, Harris and
    Marschak, "Optimal Inventory Policy", 1951); so u = o x share / (1 - share).
    """
    return service_s * worker_second(objective) * objective.share / (1 - objective.share)


def worker_second(objective: ObjectiveConfig) -> float:
    """Return what a worker costs for a second; where workers cost nothing, a decision still needs their ratio."""
    return (objective.cost_per_worker_hour or 1.0) / 3600


def promised(objective: ObjectiveConfig, service_s: float, step_s: float, window_s: float) -> dict[str, Any]:
    """Return what a promise means in the simulator, by dotted keys: the decision loop, and what a step is worth.

    Args:
        objective: what is promised.
        service_s: mean work of a task.
        step_s: between decisions.
        window_s: that a policy sees.
    """
    return {
        "farm.pickup": {"kind": "constant", "value_s": 0.0},
        "environment.step_duration_s": step_s,
        "environment.observation_window_s": window_s,
        "environment.action": "target",
        "reward.objective": "cost",
        "reward.target_qos": objective.share,
        "reward.worker_second_price": worker_second(objective),
        "reward.missed_deadline_price": price_of_a_miss(objective, service_s),
    }


def simulated(config: OperateConfig, rate: float, settings: dict[str, Any] | None = None) -> Config:
    """Return the simulator's configuration of a queue to which ``rate`` tasks a second come.

    Raises:
        ConfigError: what is wrong with ``settings``, values of that configuration by dotted keys.
    """
    bounds, objective, service_s = config.bounds, config.objective, config.tasks.service_time
    deadline_s = objective.within_s + (service_s if objective.start_within is not None else 0.0)
    derived = {
        "farm.min_workers": bounds.min,
        "farm.max_workers": bounds.max,
        "farm.initial_workers": min(max(1, bounds.min), bounds.max),
        "farm.startup": _spread(config.workers.startup_time, 0.25),
        "workload": {
            "kind": "phases",
            "name": "operated",
            "base_rate_per_min": 60.0,
            "phases": [
                {
                    "pattern": "steady",
                    "duration_s": EPISODE_S,
                    "rate": rate,
                    "arrivals": {"kind": "poisson"},
                }
            ],
            "service": {"distribution": _spread(service_s, config.tasks.variation)},
            "deadline": {"coefficient": 1.0, "floor_s": deadline_s, "cap_s": deadline_s},
        },
        **promised(objective, service_s, config.interval, config.observation_window),
        "environment.max_steps": max(1, round(EPISODE_S / config.interval)),
    }
    known = [layer("operate", key, value) for key, value in derived.items()]
    given = [layer(f"settings {key}", key, value) for key, value in (settings or {}).items()]
    return load_config(*known, *given)


def _spread(mean_s: float, variation: float) -> dict[str, Any]:
    """Return a distribution with this mean and ratio of standard deviation to it."""
    if mean_s == 0 or variation == 0:
        return {"kind": "constant", "value_s": mean_s}
    return {"kind": "gamma", "shape": 1 / variation**2, "mean_s": mean_s}
