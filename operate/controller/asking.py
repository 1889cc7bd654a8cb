"""A policy asked for a count: in a thread of its own, since it may raise, hang, or say what is no count."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from numbers import Real
from queue import SimpleQueue
from typing import Any

from autoscaling_env.policy import Explains, Policy
from autoscaling_env.types import Info, Observation


@dataclass(frozen=True, slots=True)
class Answer:
    """What a policy said.

    Attributes:
        workers: the count it wants; None: it has none to offer.
        trouble: why not, a phrase that follows the policy's name.
        reasons: its explanation, where it has one.
        took_s: seconds it took.
    """

    workers: int | None
    trouble: str = ""
    reasons: dict[str, Any] | None = None
    took_s: float = 0.0


@dataclass(slots=True)
class _Call:
    observation: Observation
    info: Info
    begin_anew: bool
    since_s: float
    done: threading.Event = field(default_factory=threading.Event)
    said: Any = None
    reasons: dict[str, Any] | None = None
    error: str = ""


class Asking:
    """Asks a policy, and waits for its answer no longer than it may take.

    A late answer is thrown away, and the policy begins anew: it would decide on what is past. While it has not come
    back nobody asks it again. Where beginning anew was what took so long (a planner reads its history), it goes on from
    there: it would be late for ever.

    Args:
        name: of the policy.
        policy: is used in one other thread only.
        within_s: patience.
        clock: monotonic seconds.
    """

    def __init__(self, name: str, policy: Policy, within_s: float, clock: Callable[[], float]) -> None:
        self.name = name
        self._policy, self._within_s, self._clock = policy, within_s, clock
        self._inbox: SimpleQueue[_Call] = SimpleQueue()
        self._late: _Call | None = None
        self._begin_anew = True
        threading.Thread(target=self._answer, daemon=True, name=f"policy {name}").start()

    @property
    def came_back(self) -> bool:
        """Whether a late answer is there by now, so that the next question is the first of an episode."""
        return self._late is not None and self._late.done.is_set() and not self._late.begin_anew

    def begin_anew(self) -> None:
        """Let the next question be the first of an episode."""
        self._begin_anew = True

    def ask(self, observation: Observation, info: Info) -> Answer:
        """Return what the policy wants, or why it has no answer."""
        if self._late is not None:
            if not self._late.done.is_set():
                return Answer(None, f"has not come back from the question of {self._ago():.0f} s ago")
            self._begin_anew |= self.came_back
            self._late = None
        call = _Call(observation, info, self._begin_anew, self._clock())
        self._begin_anew = False
        self._inbox.put(call)
        if not call.done.wait(self._within_s):
            self._late = call
            return Answer(None, f"took longer than {self._within_s:g} s", took_s=self._within_s)
        return _answer(call, self._clock() - call.since_s)

    def _ago(self) -> float:
        return self._clock() - self._late.since_s if self._late else 0.0

    def _answer(self) -> None:
        while True:
            call = self._inbox.get()
            try:
                if call.begin_anew:
                    self._policy.reset()
                call.said = self._policy.decide(call.observation, call.info)
                if isinstance(self._policy, Explains):
                    call.reasons = self._policy.explanation()
            except BaseException as error:  # whatever a policy does, the loop goes on
                call.error = f"raised {type(error).__name__}: {' '.join(str(error).split())[:200]}"
            call.done.set()


def _answer(call: _Call, took_s: float) -> Answer:
    if call.error:
        return Answer(None, call.error, took_s=took_s)
    if not _is_count(call.said):
        return Answer(None, f"said {str(call.said)[:40]!r}, which is no count of workers", took_s=took_s)
    return Answer(int(call.said), reasons=call.reasons, took_s=took_s)


def _is_count(said: Any) -> bool:
    if isinstance(said, bool) or not isinstance(said, Real):
        return False
    number = float(said)
    return math.isfinite(number) and number >= 0 and number.is_integer()
