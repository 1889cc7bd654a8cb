"""What a step is worth: pure functions from one step's outcome to named terms, whose sum is the reward.

Every argument may be a number or an array of one shape; the same code serves one environment and many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.reward import RewardConfig

Number: TypeAlias = float | int | bool | NDArray[Any]
Terms: TypeAlias = dict[str, Any]

#: The terms of each objective, in the order of ``terms``; step records have one column for each.
TERM_NAMES: dict[str, tuple[str, ...]] = {
    "shaped": (
        "qos",
        "backlog",
        "scaling",
        "efficiency",
        "scale_up",
        "scale_down",
        "comfort",
        "unfinished",
        "completion",
    ),
    "cost": ("workers", "missed_deadlines"),
}


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What the reward looks at, all of it true at the end of the step.

    Attributes:
        worker_queue: tasks waiting for a worker.
        qos_rate: share of deadlines met in the observation window, 0-1.
        workers: requested number of workers.
        applied_delta: change of the requested number in this step.
        missed: deadlines missed by the tasks collected in this step.
        step_s: length of the step in seconds.
        terminated: everything emitted has been collected.
        truncated: the episode was cut off after ``max_steps``.
    """

    worker_queue: Number
    qos_rate: Number
    workers: Number
    applied_delta: Number
    missed: Number
    step_s: float
    terminated: Number
    truncated: Number


def terms(outcome: StepOutcome, config: RewardConfig) -> Terms:
    """Return the named terms of the configured objective."""
    return _shaped(outcome, config) if config.objective == "shaped" else _cost(outcome, config)


def total(named: Terms) -> Any:
    """Sum the terms in their order (floating-point addition is not associative: the order is part of it)."""
    return sum(named.values())


def _shaped(outcome: StepOutcome, config: RewardConfig) -> Terms:
    """Return the reference deployment's reward (docs/design.md, section Reward)."""
    weights, qos, queue = config.weights, outcome.qos_rate, outcome.worker_queue
    load = queue / config.queue_target
    change = np.abs(outcome.applied_delta)
    meets_target = np.greater_equal(qos, config.target_qos)
    overloaded = np.greater(load, 1) | ~meets_target
    idle = np.less_equal(queue, config.idle_queue_threshold) & meets_target
    surplus = np.maximum(0.0, outcome.workers - config.balanced_workers)
    return {
        "qos": weights.qos * (qos - config.target_qos),
        "backlog": -weights.backlog
        * np.square(np.maximum(0.0, load - 1)),  # `** 2` rounds scalars otherwise than arrays
        "scaling": -weights.scaling * change,
        "efficiency": -weights.efficiency * surplus * idle,
        "scale_up": weights.scale_up * change * (np.greater(outcome.applied_delta, 0) & overloaded),
        "scale_down": weights.scale_down * change * (np.less(outcome.applied_delta, 0) & ~overloaded),
        "comfort": 0.1 * weights.qos * (meets_target & np.less_equal(load, 0.5)),
        "unfinished": -config.unfinished_penalty_scale * np.minimum(queue, config.queue_target) * outcome.truncated,
        "completion": config.completion_bonus * np.multiply(1.0, outcome.terminated),
    }


def _cost(outcome: StepOutcome, config: RewardConfig) -> Terms:
    """Plain money: worker-seconds, and deadlines missed; tasks left waiting at truncation count as missed."""
    missed = outcome.missed + outcome.worker_queue * np.multiply(1, outcome.truncated)
    return {
        "workers": -config.worker_second_price * outcome.workers * outcome.step_s,
        "missed_deadlines": -config.missed_deadline_price * missed,
    }
