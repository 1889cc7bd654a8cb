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
    """How one agent is drawn.

    Attributes:
        color: of its line or point.
        round: of the palette, 0-2; gives the dash pattern of a line.
        shape: of a point, 0-6; neighbours differ, and so do agents of one colour.
    """

    color: str
    round: int
    shape: int


def looks(agents: Iterable[str]) -> dict[str, Look]:
    """Give each agent a colour and a shape, and another dash pattern and shape once the colours are used up.

    Pictures of one run are given all its agents, in the order of its files, so an agent looks the same in each.
    """
    found = {}
    for index, agent in enumerate(agents):
        turn, color = divmod(index, len(PALETTE))
        found[agent] = Look(PALETTE[color], turn % 3, (color + 2 * turn) % len(PALETTE))
    return found


def is_constant(agent: str) -> bool:
    """Return whether it is ``static-N``."""
    return agent.startswith(STATIC) and agent.removeprefix(STATIC).isdigit()
