"""The reward of ``autoscaling_env.reward``, compiled from its very source, or weights of the step's values."""

from __future__ import annotations

from typing import Any, NamedTuple

from autoscaling_env import reward
from autoscaling_env.schema import FACTS
from simulator.compiled.agenda import Index
from simulator.compiled.compiling import inlined
from simulator.compiled.names import FACT

#: ``Rules.objective``: what the compiled step computes. Of any other objective it computes nothing.
SHAPED, COST, WEIGHTS, NOTHING = 0, 1, 2, 3
COMPUTED = {"shaped": SHAPED, "cost": COST, "terms": WEIGHTS}

_shaped, _cost = inlined(reward.shaped), inlined(reward.cost)


class Outcome(NamedTuple):
    """``autoscaling_env.reward.StepOutcome`` as compiled code can have it."""

    worker_queue: Any
    qos_rate: Any
    workers: Any
    applied_delta: Any
    missed: Any
    step_s: Any
    terminated: Any
    truncated: Any


@inlined
def write_reward(episodes: Any, rules: Any, row: Index) -> None:
    """Write the terms of the step just observed, and their sum, added in their order."""
    facts, terms = episodes.facts, episodes.terms
    outcome = Outcome(
        facts[row, FACT.worker_queue],
        episodes.window[row].qos,
        facts[row, FACT.requested_workers],
        facts[row, FACT.applied_delta],
        facts[row, FACT.missed_in_step],
        rules.step_s,
        facts[row, FACT.terminated] != 0,
        facts[row, FACT.truncated] != 0,
    )
    if rules.objective == SHAPED:
        values = _shaped(outcome, rules.prices)
        for place in range(len(values)):
            terms[row, place] = values[place]
    elif rules.objective == COST:
        charged = _cost(outcome, rules.prices)
        for place in range(len(charged)):
            terms[row, place] = charged[place]
    elif rules.objective == WEIGHTS:
        for place in range(len(rules.weights)):
            terms[row, place] = rules.weights[place] * value_of(episodes, row, rules.weighed[place])
    total = 0.0
    for place in range(terms.shape[1]):
        total = plus(total, terms[row, place])
    episodes.reward[row] = total


@inlined
def plus(one: Any, other: Any) -> Any:
    """Return the sum. A GPU has its own: it would melt a product and a sum into one that rounds once."""
    return one + other


@inlined
def value_of(episodes: Any, row: Index, which: Any) -> Any:
    """Return value number ``which`` of ``simulator.compiled.names.VALUES``."""
    if which < len(FACTS):
        return float(episodes.facts[row, which])
    return episodes.reals[row, which - len(FACTS)]
