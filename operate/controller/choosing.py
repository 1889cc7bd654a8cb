"""Who decides: the policy, the fallback where the policy cannot or may not, or nobody, and the count is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autoscaling_env.types import Info, Observation
from operate.controller.asking import Answer, Asking

HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Choice:
    """A count, whose it is, and why.

    Attributes:
        wanted: workers.
        by: name of who decided; ``hold``: nobody.
        proposed: what the policy wanted, whether or not it was followed; None: nothing.
        because: one sentence.
        remarks: what went wrong.
        reasons: the explanation of who decided.
        took_s: seconds the policy took.
    """

    wanted: int
    by: str
    proposed: int | None
    because: str
    remarks: tuple[str, ...] = ()
    reasons: dict[str, Any] = field(default_factory=dict)
    took_s: float = 0.0


class Chooser:
    """Asks the policy, and the fallback at its side: rules remember, so it is asked at every tick."""

    def __init__(self, policy: Asking, fallback: Asking) -> None:
        self.policy, self.fallback = policy, fallback

    def choose(self, observation: Observation, info: Info, unfit: str) -> Choice:
        """Return who decides what.

        Args:
            observation: as an environment shows it.
            info: likewise.
            unfit: why the policy must not decide, a sentence; "": it may.
        """
        answer, other = self.policy.ask(observation, info), self.fallback.ask(observation, info)
        requested = int(info["requested_workers"])
        trouble = f"{self.policy.name} {answer.trouble}" if answer.trouble else ""
        remarks = tuple(each for each in (trouble, other.trouble and f"{self.fallback.name} {other.trouble}") if each)
        if answer.workers is not None and not unfit:
            because = _because(self.policy.name, answer, requested)
            return Choice(
                answer.workers, self.policy.name, answer.workers, because, remarks, answer.reasons or {}, answer.took_s
            )
        why = unfit or trouble
        if other.workers is not None:
            because = f"{why}: {_because(self.fallback.name, other, requested)}"
            by = f"{self.fallback.name} (fallback)"
            return Choice(other.workers, by, answer.workers, because, remarks, other.reasons or {}, answer.took_s)
        because = f"{why}, and {self.fallback.name} {other.trouble}: the count is held"
        return Choice(requested, HOLD, answer.workers, because, remarks, {}, answer.took_s)


def _because(name: str, answer: Answer, requested: int) -> str:
    told = (answer.reasons or {}).get("because")
    if told:
        return f"{name}: {told}"
    if answer.workers == requested:
        return f"{name} keeps {requested} worker{'s' * (requested != 1)}"
    return f"{name} wants {answer.workers} worker{'s' * (answer.workers != 1)} instead of {requested}"
