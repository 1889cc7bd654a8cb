"""The compiled environment's arrays: the rules, the episodes being played, and what is seen of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.reward import Prices
from autoscaling_env.schema import FACTS, REALS
from autoscaling_env.types import FloatArray
from simulator.compiled.kernel import Farms

#: What the environment remembers of an episode from step to step.
WINDOW = np.dtype(
    [
        ("step", np.int64),
        ("known", np.int64),  # tasks collected in earlier steps
        ("first", np.int64),  # the first task collected within the observation window
        ("missed", np.int64),  # deadlines
        ("segment", np.int64),  # segments started
        ("segments", np.int64),
        ("then", np.int64),  # the step the arrival rate counts from
        ("qos", np.float64),
    ]
)


class Rules(NamedTuple):
    """The numbers of a configuration that the environment's step needs."""

    step_s: float
    window_s: float
    mean_service_s: float
    collect_s: float
    min_workers: int
    max_workers: int
    max_steps: int
    objective: int
    """Of ``simulator.compiled.rewarding``."""
    prices: Prices
    deltas: NDArray[np.int64]
    """The change each action asks for; none where an action is the wanted count, less ``min_workers``."""
    weighed: NDArray[np.int64]
    weights: FloatArray
    """Of ``simulator.compiled.names.VALUES``, where the reward is made of weights."""


class View(NamedTuple):
    """What the agent sees.

    Attributes:
        standard_high: float32[9], upper bounds of the nine ``autoscaling_env.observation.FIELDS``.
        source: int64[e], entries of ``simulator.compiled.names.VALUES`` that are seen; none: the nine fields.
        steps: int64[e], how many of each one's last values are seen, the oldest first.
        low, high: float32[o], the bounds of the observation space.
    """

    standard_high: NDArray[np.float32]
    source: NDArray[np.int64]
    steps: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


class Episodes(NamedTuple):
    """f episodes being played; row i of every array is episode i.

    Attributes:
        farms: their farms.
        deadline_s: float64[f, n].
        segment_s: float64[f, m + 1], when each segment starts, then infinite.
        window: WINDOW[f].
        history_s, history_n: float64 and int64[f, h], times and counts of enqueued tasks at the last h steps;
            h is a power of two.
        facts: int64[f, len(FACTS)], what the last step brought.
        reals: float64[f, len(REALS)], likewise.
        terms: float64[f, t], of the reward.
        reward: float64[f].
        standard: float32[f, 9], the nine fields.
        observation: float32[f, o]; the same array where they are what is seen.
        seen: what is seen of it all.
    """

    farms: Farms
    deadline_s: FloatArray
    segment_s: FloatArray
    window: Any
    history_s: FloatArray
    history_n: NDArray[np.int64]
    facts: NDArray[np.int64]
    reals: FloatArray
    terms: FloatArray
    reward: FloatArray
    standard: NDArray[np.float32]
    observation: NDArray[np.float32]
    seen: View


def allocate(farms: Farms, segments: int, history: int, terms: int, view: View) -> Episodes:
    """Return room for the episodes of these farms."""
    count, tasks = farms.work_s.shape
    standard = np.zeros((count, len(view.standard_high)), dtype=np.float32)
    return Episodes(
        farms=farms,
        deadline_s=np.zeros((count, tasks)),
        segment_s=np.full((count, segments + 1), np.inf),
        window=np.zeros(count, dtype=WINDOW),
        history_s=np.zeros((count, history)),
        history_n=np.zeros((count, history), dtype=np.int64),
        facts=np.zeros((count, len(FACTS)), dtype=np.int64),
        reals=np.zeros((count, len(REALS))),
        terms=np.zeros((count, terms)),
        reward=np.zeros(count),
        standard=standard,
        observation=np.zeros((count, len(view.high)), dtype=np.float32) if len(view.source) else standard,
        seen=view,
    )
