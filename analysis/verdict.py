"""A comparison in a few sentences: who has the highest return, how far behind the others are, and through what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.metrics import METRICS
from analysis.pairs import MIN_EPISODES, TOO_FEW, UNDECIDED, Pair, compare
from analysis.palette import HINDSIGHT

REWARD = "total_reward"
#: Column of a reward's term in the step records.
TERM = "reward_"
#: Terms named as reasons, and the share of a difference that is enough of a reason.
MOST_REASONS, ENOUGH = 2, 0.8


def in_short(episodes: pd.DataFrame, rng: np.random.Generator, steps: pd.DataFrame | None = None) -> list[str]:
    """Return sentences on one setting; none for a single agent.

    Args:
        episodes: ``Results.episodes()``.
        rng: draws the bootstrap resamples.
        steps: rows of ``steps.parquet``; with them the terms that make a difference are named.
    """
    means = episodes.groupby("agent", sort=False)[REWARD].mean()
    ranking = list(means.drop(HINDSIGHT, errors="ignore").sort_values(ascending=False, kind="stable").index)
    if len(ranking) < 2:
        return []
    best, terms = ranking[0], _terms(steps)
    paired = bool(episodes["episode_seed"].notna().all())
    sentences = [f"{best} has the highest return: {_figures(episodes, best)}."]
    for agent, place in ((ranking[1], "comes next"), (ranking[-1], "has the lowest"))[: len(ranking) - 1]:
        if means[agent] == means[best]:
            sentences.append(f"{agent} has the same.")
            continue
        doubt = _doubt(compare(episodes, agent, best, REWARD, rng)) if paired else ""
        far = f"{_shown(means[best] - means[agent])} behind"
        sentences.append(f"{agent} {place}, {far}{doubt}{_through(terms, agent, best)}.")
    if HINDSIGHT in means:
        left = _shown(means[HINDSIGHT] - means[best])
        sentences.append(f"{HINDSIGHT}, which knows the tasks, returns {_shown(means[HINDSIGHT])}: {left} more.")
    if paired and episodes.groupby("agent").size().min() < MIN_EPISODES:
        sentences.append(f"Fewer than {MIN_EPISODES} episodes were played: a difference may be chance.")
    return sentences


def _figures(episodes: pd.DataFrame, agent: str) -> str:
    """Return an agent's return, deadlines met and price, as far as it was recorded."""
    own = episodes[episodes["agent"] == agent].mean(numeric_only=True)
    text = f"{_shown(own[REWARD])} on average"
    if "final_qos_total" in own:
        text += f", with {METRICS['final_qos_total'].shown(own['final_qos_total'])} % of deadlines met"
    if "worker_seconds" in own:
        text += f" for {METRICS['worker_seconds'].shown(own['worker_seconds'])} worker-seconds"
    return text


def _doubt(pair: Pair) -> str:
    """How sure a difference is."""
    if pair.verdict == TOO_FEW:
        return ""
    interval = f" [{_shown(-pair.difference.high)}, {_shown(-pair.difference.low)}]"
    return f"{interval}, which may be chance" if pair.verdict == UNDECIDED else interval


def _terms(steps: pd.DataFrame | None) -> dict[str, dict[str, float]]:
    """Agent -> term -> what it adds up to in an episode, on average."""
    if steps is None:
        return {}
    names = [str(name) for name in steps.columns if str(name).startswith(TERM)]
    means = steps.groupby(["agent", "episode"])[names].sum().groupby("agent").mean()
    return {
        str(agent): dict(zip(names, map(float, row), strict=True))
        for agent, row in zip(means.index, means.to_numpy(), strict=True)
    }


def _through(terms: dict[str, dict[str, float]], agent: str, best: str) -> str:
    """Name the terms that make most of the difference."""
    if agent not in terms or best not in terms:
        return ""
    differences = sorted((terms[agent][name] - terms[best][name], name) for name in terms[agent])
    enough, summed = ENOUGH * sum(value for value, _ in differences), 0.0
    named: list[str] = []
    for value, name in differences[:MOST_REASONS]:
        if value < 0 and summed > enough:
            named.append(f"{name.removeprefix(TERM).replace('_', ' ')} ({_shown(value)})")
            summed += value
    return f", mostly through {' and '.join(named)}" if named else ""


def _shown(value: float) -> str:
    return METRICS[REWARD].shown(value)
