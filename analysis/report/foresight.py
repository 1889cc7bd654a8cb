"""What the page carries of explained decisions: bands over the whole episode, and single decisions in full.

A decision in full (16 steps ahead, three plans) takes about 450 bytes, the bands 65 a step, a sentence 160. So the
page has the bands of every episode that it shows, and decisions in full up to a bound: see ``Allowance``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from analysis.report.decisions import Decision, Decisions, Plan
from autoscaling_env.types import FloatArray

#: Decisions told in full: on a page (1.8 MB), and in an episode.
MOST_TOLD, MOST_IN_EPISODE = 4_000, 400
#: How many steps ahead the bands over the whole episode were foreseen.
AHEAD = (1, 4, 8)


class Allowance:
    """How many more decisions of one agent may be told in full: its first episodes come first."""

    def __init__(self, agents: int) -> None:
        """Share the page's bound between so many agents."""
        self._left = MOST_TOLD // max(agents, 1)
        self._episode = min(MOST_IN_EPISODE, self._left)

    def every(self, decisions: int) -> int:
        """Take from it for an episode of so many decisions: each how-manieth is told; 0 for none."""
        if not self._episode or not decisions:
            return 0
        every = -(-decisions // self._episode)
        told = -(-decisions // every)
        if told > self._left:
            return 0
        self._left -= told
        return every


def explaining(decisions: Sequence[Decisions]) -> int:
    """Return how many agents explain themselves, in all scenarios together."""
    return sum(len({agent for agent, _ in each}) for each in decisions)


def foresight(decisions: Sequence[Decision], came: Sequence[float], every: int) -> dict[str, Any]:
    """Return what the page draws of an episode.

    Args:
        decisions: at least one, in the order of the steps.
        came: tasks of each step.
        every: each how-manieth decision is told in full; 0 for none.

    Returns:
        ``came``; ``ahead``: by the number of steps, five lists (quantiles) with an entry or None a step, and the
        shares of the steps that came ``within`` the wide and the narrow band; ``told``: decisions in full;
        ``decisions``: how many there are.
    """
    steps = len(came)
    decisions = [each for each in decisions if 1 <= each.step <= steps]
    told = [_told(each, steps) for each in decisions[::every]] if every else []
    ahead = {str(lead): _ahead(decisions, np.asarray(came, dtype=float), lead) for lead in AHEAD}
    return {
        "came": [_round(count) for count in came],
        "ahead": {lead: each for lead, each in ahead.items() if each},
        "told": told,
        "decisions": len(decisions),
    }


def _ahead(decisions: Sequence[Decision], came: FloatArray, lead: int) -> dict[str, Any]:
    """Return what was foreseen of each step ``lead`` steps ahead; nothing where nobody looked so far."""
    bands: FloatArray = np.full((5, len(came)), np.nan)
    for each in decisions:
        place = each.step + lead - 2
        if each.forecast.shape[1] >= lead and place < len(came):
            bands[:, place] = each.forecast[:, lead - 1]
    known = np.isfinite(bands[0])
    if not known.any():
        return {}
    low, quarter, _, three, high = bands[:, known]
    within = [np.mean((low <= came[known]) & (came[known] <= high))]
    within.append(np.mean((quarter <= came[known]) & (came[known] <= three)))
    return {
        "bands": [[_round(value) if np.isfinite(value) else None for value in row] for row in bands],
        "within": [round(float(share), 3) for share in within],
    }


def _told(decision: Decision, steps: int) -> dict[str, Any]:
    """Return a decision as far as the episode went: nothing came of what lies beyond."""
    horizon = steps - decision.step + 1
    return {
        "step": decision.step,
        "fan": [[_round(value) for value in row[:horizon]] for row in decision.forecast.tolist()],
        "plans": [_plan(plan, horizon) for plan in decision.plans],
    }


def _plan(plan: Plan, horizon: int) -> list[Any]:
    """Return wanted workers as runs (count, steps, count, steps, ...), and what is expected of them."""
    runs = [(count, len(list(same))) for count, same in groupby(plan.wanted[:horizon])]
    return [
        [number for run in runs for number in run],
        *[_round(value, 6) for value in (plan.reward, plan.missed, plan.worker_seconds)],
    ]


def _round(value: float, digits: int = 3) -> float:
    """Three significant digits are finer than the picture; whole numbers lose their point."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() else short
