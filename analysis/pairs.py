"""Agents compared on the same episodes, pair by pair; a win is said only where the interval excludes 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from analysis.metrics import METRICS
from analysis.statistics import RESAMPLES, Interval, interquartile_mean, interval, probability_of_improvement
from autoscaling_env.errors import RunError, unknown_name
from autoscaling_env.types import FloatArray

#: With fewer paired episodes than this nothing is called better or worse.
MIN_EPISODES = 10

BETTER, WORSE, UNDECIDED, TOO_FEW = "better", "worse", "no difference shown", "too few episodes"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two agents on the same episodes, by one metric. Differences are ``agent`` minus ``other``.

    Attributes:
        episodes: number of episodes both played.
        mean, other_mean: over those episodes.
        difference: mean of the paired differences with its interval.
        difference_std: sample standard deviation of the paired differences (NaN for one episode).
        iqm_difference: interquartile mean of the paired differences with its interval.
        probability_of_improvement: share of episodes in which ``agent`` does better, ties counting half.
        verdict: ``better`` or ``worse`` only where the interval of ``difference`` excludes 0 and there are
            at least ``MIN_EPISODES`` episodes.
    """

    agent: str
    other: str
    metric: str
    episodes: int
    mean: float
    other_mean: float
    difference: Interval
    difference_std: float
    iqm_difference: Interval
    probability_of_improvement: float
    verdict: str


def paired(episodes: pd.DataFrame, agent: str, other: str, metric: str) -> tuple[FloatArray, FloatArray]:
    """Return ``metric`` of both agents on the episodes both played, in order of the episode seed.

    Several rows of one agent and episode seed (a policy trained from several seeds) are averaged first.

    Raises:
        RunError: an agent is unknown, or the two share no episode seed.
    """
    one, two = (_by_seed(episodes, name, metric) for name in (agent, other))
    both = one.index.intersection(two.index).sort_values()
    if both.empty:
        raise RunError(f"{agent} and {other} share no episode seed: they cannot be paired; play both with one --seed")
    return one[both].to_numpy(dtype=float), two[both].to_numpy(dtype=float)


def compare(
    episodes: pd.DataFrame,
    agent: str,
    other: str,
    metric: str,
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Pair:
    """Compare two agents on the episodes both played.

    Args:
        episodes: ``episodes.episode_table`` or ``Results.episodes()``.
        agent: one agent's name.
        other: the other's.
        metric: a name of ``metrics.METRICS``.
        rng: draws the bootstrap resamples.
        resamples: number of them.
    """
    one, two = paired(episodes, agent, other, metric)
    differences = one - two
    difference = interval(differences, rng, resamples=resamples)
    sign = -1.0 if METRICS[metric].better == "lower" else 1.0
    return Pair(
        agent=agent,
        other=other,
        metric=metric,
        episodes=len(differences),
        mean=float(one.mean()),
        other_mean=float(two.mean()),
        difference=difference,
        difference_std=float(differences.std(ddof=1)) if len(differences) > 1 else float("nan"),
        iqm_difference=interval(differences, rng, interquartile_mean, resamples),
        probability_of_improvement=probability_of_improvement(sign * one, sign * two),
        verdict=_verdict(difference, sign, len(differences)),
    )


def compare_pairs(
    episodes: pd.DataFrame,
    metric: str,
    rng: np.random.Generator,
    *,
    baseline: str | None = None,
    resamples: int = RESAMPLES,
) -> list[Pair]:
    """Compare every agent with ``baseline``, or each pair of agents once if there is none; see ``compare``.

    Raises:
        RunError: the metric is unknown or not recorded, or agents share no episode.
    """
    if metric not in METRICS or metric not in episodes:
        raise RunError(unknown_name("metric", metric, [name for name in METRICS if name in episodes]))
    agents = list(dict.fromkeys(episodes["agent"]))
    return [compare(episodes, one, two, metric, rng, resamples) for one, two in _pairs(agents, baseline)]


def regret(
    episodes: pd.DataFrame,
    rng: np.random.Generator,
    *,
    reference: str = "hindsight",
    metric: str = "total_reward",
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Return, per agent, how much it falls short of ``reference`` on the same episodes (0 or less: it does not)."""
    sign = -1.0 if METRICS[metric].better == "lower" else 1.0
    found = {}
    for agent, other in _pairs(list(dict.fromkeys(episodes["agent"])), reference):
        one, two = paired(episodes, agent, other, metric)
        found[agent] = interval(sign * (two - one), rng, resamples=resamples)
    return found


def _by_seed(episodes: pd.DataFrame, agent: str, metric: str) -> pd.Series[Any]:
    rows = episodes[episodes["agent"] == agent]
    if rows.empty:
        raise RunError(unknown_name("agent", agent, set(episodes["agent"])))
    if "scenario" in rows and (rows["scenario"] != rows["scenario"].iloc[0]).any():
        raise RunError("episodes of several scenarios cannot be pooled: compare one scenario at a time")
    known = rows.dropna(subset=["episode_seed"])
    return known.groupby("episode_seed")[metric].mean()


def _pairs(agents: Sequence[str], baseline: str | None) -> Iterator[tuple[str, str]]:
    if baseline is None:
        return combinations(agents, 2)
    if baseline not in agents:
        raise RunError(unknown_name("agent", baseline, agents))
    return ((agent, baseline) for agent in agents if agent != baseline)


def _verdict(difference: Interval, sign: float, episodes: int) -> str:
    if episodes < MIN_EPISODES:
        return TOO_FEW
    if not difference.excludes_zero:
        return UNDECIDED
    return BETTER if sign * difference.estimate > 0 else WORSE
