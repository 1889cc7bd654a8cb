"""What a step is worth: pure functions from one step's outcome to named terms, whose sum is the reward.

Every argument may be a number or an array of one shape; the same code serves one environment and many, and
``simulator.compiled.rewarding`` compiles it as it is. So it keeps to what all three understand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.config.reward import RewardConfig
from autoscaling_env.schema import TERMS

Number: TypeAlias = float | int | bool | NDArray[Any]
Terms: TypeAlias = dict[str, Any]

#: The terms of each objective, in the order of ``terms``; step records have one column for each.
TERM_NAMES: dict[str, tuple[str, ...]] = {objective: tuple(terms) for objective, terms in TERMS.items()}


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


class Prices(NamedTuple):
    """The numbers of ``RewardConfig``, as plain as compiled code takes them."""

    target_qos: float
    queue_target: float
    balanced_workers: float
    idle_queue_threshold: float
    unfinished: float
    completion: float
    qos: float
    backlog: float
    scaling: float
    efficiency: float
    scale_up: float
    scale_down: float
    worker_second: float
    missed_deadline: float

    @classmethod
    def of(cls, config: RewardConfig) -> Prices:
        """Return the numbers of a configuration."""
        weights = config.weights
        return cls(
            *map(float, (config.target_qos, config.queue_target, config.balanced_workers)),
            *map(float, (config.idle_queue_threshold, config.unfinished_penalty_scale, config.completion_bonus)),
            *map(float, (weights.qos, weights.backlog, weights.scaling)),
            *map(float, (weights.efficiency, weights.scale_up, weights.scale_down)),
            *map(float, (config.worker_second_price, config.missed_deadline_price)),
        )


def terms(outcome: StepOutcome, config: RewardConfig, prices: Prices | None = None) -> Terms:
    """Return the named terms of the configured objective; ``prices``, if at hand, are those of ``config``."""
    values = (shaped if config.objective == "shaped" else cost)(outcome, prices or Prices.of(config))
    return dict(zip(TERM_NAMES[config.objective], values, strict=True))


def total(named: Terms) -> Any:
    """Sum the terms in their order (floating-point addition is not associative: the order is part of it)."""
    return sum(named.values())


def shaped(outcome: Any, prices: Prices) -> tuple[Any, ...]:
    """Return the reference deployment's reward, in the order of its terms (docs/design.md, section Reward)."""
    qos, queue = outcome.qos_rate, outcome.worker_queue
    load = queue / prices.queue_target
    change = abs(outcome.applied_delta)
    meets_target, misses_target = qos >= prices.target_qos, qos < prices.target_qos
    overloaded, relaxed = (load > 1) | misses_target, (load <= 1) & meets_target
    idle = (queue <= prices.idle_queue_threshold) & meets_target
    surplus = np.maximum(0.0, outcome.workers - prices.balanced_workers)
    excess = np.maximum(0.0, load - 1)
    return (
        prices.qos * (qos - prices.target_qos),
        -prices.backlog * (excess * excess),  # `** 2` rounds scalars otherwise than arrays; a GPU has no `np.square`
        -prices.scaling * change,
        -prices.efficiency * surplus * idle,
        prices.scale_up * change * ((outcome.applied_delta > 0) & overloaded),
        prices.scale_down * change * ((outcome.applied_delta < 0) & relaxed),
        0.1 * prices.qos * (meets_target & (load <= 0.5)),
        -prices.unfinished * np.minimum(queue, prices.queue_target) * outcome.truncated,
        prices.completion * (1.0 * outcome.terminated),
    )


def cost(outcome: Any, prices: Prices) -> tuple[Any, ...]:
    """Return plain money: worker-seconds, and deadlines missed; tasks left waiting at truncation count as missed."""
    missed = outcome.missed + outcome.worker_queue * (1 * outcome.truncated)
    return (
        -prices.worker_second * outcome.workers * outcome.step_s,
        -prices.missed_deadline * missed,
    )
