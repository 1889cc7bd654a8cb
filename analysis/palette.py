"""The colours of agents, the same in every picture and in the report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Okabe and Ito, "Color Universal Design" (2008), without yellow, which is lost on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK, MUTED, GRID, FILL = "#222222", "#6b6b6b", "#e4e4e4", "#d9d9d9"
#: With more agents than this the bands would hide the lines.
MOST_BANDS = 5
#: Names of agents that hold a constant count, and of the best sequence found with the tasks known.
STATIC, HINDSIGHT = "static-", "hindsight"


@dataclass(frozen=True, slots=True)
class Look:
    """How one agent is drawn: its colour, and the round of the palette that gives its dash pattern or marker."""

    color: str
    round: int


def looks(agents: Iterable[str]) -> dict[str, Look]:
    """Give each agent a colour, and another dash pattern once the colours are used up."""
    return {agent: Look(PALETTE[index % len(PALETTE)], index // len(PALETTE) % 3) for index, agent in enumerate(agents)}


def is_constant(agent: str) -> bool:
    """True for ``static-N``."""
    return agent.startswith(STATIC) and agent.removeprefix(STATIC).isdigit()
