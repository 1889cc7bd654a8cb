"""Somebody's workers whose number KEDA changes: what is wanted is kept here, and told when KEDA asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.types import ScaleOutcome
from operate.config import BoundsConfig
from operate.keda.reach import Reach, value_for
from operate.reading import TargetState
from operate.record import Record
from operate.target import Target

#: Intervals without a decision that may be relied on, after which KEDA is told none, so that its fallback acts.
PATIENCE = 5
#: The first decision may take so much longer: a planner reads its history, and what is compiled is compiled.
FIRST_S = 60.0


class NoDecision(AutoscalingError):  # noqa: N818 - KEDA is told so, it is no error of anybody's
    """There is no decision that KEDA may follow; the message says why."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How long a decision holds, and within what.

    Attributes:
        bounds: the least and most workers, which are the ScaledObject's, too.
        interval_s: seconds between decisions.
        acting: what is decided is told; False, in shadow: the count that is there.
    """

    bounds: BoundsConfig
    interval_s: float
    acting: bool

    @property
    def patience_s(self) -> float:
        """Seconds after which a decision is too old to be told."""
        return PATIENCE * self.interval_s


class KedaTarget:
    """Workers that are looked at where they are, and scaled by telling KEDA: a target, and its scaler.

    What was told counts as requested, for KEDA gets there within a sync or two of its autoscaler. The count is KEDA's
    now, so who else changes it is not asked.

    Args:
        there: looks at the workers; nothing is ever written to it.
        rules: of the controller.
        now: monotonic seconds.
    """

    def __init__(self, there: Target, rules: Rules, now: Callable[[], float]) -> None:
        self._there, self._rules, self._now = there, rules, now
        self._lock, self._looking = threading.Lock(), threading.Lock()
        self._wanted: int | None = None
        self._decided_s: float | None = None
        self._begun_s = now()
        self._ticked_s = self._begun_s
        self._why = "the controller has made no decision yet"
        self._listeners: list[Callable[[], None]] = []

    # -- for the controller

    @property
    def described(self) -> str:
        """What is scaled and where."""
        return f"{self._there.described}, scaled by KEDA"

    def look(self) -> TargetState:
        """See ``Target.look``."""
        with self._looking:
            state = self._there.look()
        if not self._rules.acting:
            self._want(state.requested)
            return state
        with self._lock:
            wanted = self._wanted
        if wanted is None:
            bounds = self._rules.bounds
            wanted = min(max(state.requested, bounds.min), bounds.max)
            self._want(wanted)
        return replace(state, requested=wanted, changed_by="")

    def scaler(self) -> KedaTarget:
        """See ``Target.scaler``."""
        return self

    def fence(self, term: int) -> None:
        """See ``Scaler.fence``; there is no other leader, KEDA asks one."""

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Scaler.scale_to``: KEDA is told so from now on."""
        self._want(workers)
        return ScaleOutcome(workers, workers, ScaleReason.OK)

    def ticked(self, record: Record) -> None:
        """Take in a tick: what is wanted holds anew, unless it was decided on readings that are not to be relied on."""
        with self._lock:
            self._ticked_s = self._now()
            if not record.stale:
                self._decided_s = self._ticked_s
            self._why = record.stale
        self._tell()

    def close(self) -> None:
        """See ``Target.close``."""
        self._there.close()

    # -- for KEDA

    @property
    def ticks(self) -> bool:
        """Whether the controller goes on; a process where it does not is best started anew."""
        with self._lock:
            first_s = 0.0 if self._decided_s is not None else FIRST_S
            return self._now() - self._ticked_s <= self._rules.patience_s + first_s

    def wanted(self) -> int:
        """Return how many workers KEDA is to make.

        Raises:
            NoDecision: there is none yet, or the last one that can be relied on is too old.
        """
        with self._lock:
            if self._wanted is None or self._decided_s is None:
                raise NoDecision(self._why or "the controller has made no decision yet")
            age_s = self._now() - self._decided_s
            if age_s > self._rules.patience_s:
                raise NoDecision(f"the last decision is {age_s:.0f} s old: {self._why or 'the controller hangs'}")
            return self._wanted

    def value(self, reach: Reach) -> float:
        """Return the metric's value by which the autoscaler gets nearer to what is wanted.

        Raises:
            NoDecision: as with ``wanted``.
            BackendError: the workers were never seen.
        """
        wanted, bounds = self.wanted(), self._rules.bounds
        with self._looking:
            replicas = self._there.look().applied
        return value_for(wanted, replicas, max(1, bounds.min), bounds.max, reach)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` at every tick and change, in whatever thread; what is returned ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return end

    # -- inside

    def _want(self, workers: int) -> None:
        with self._lock:
            changed, self._wanted = workers != self._wanted, workers
        if changed:
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()
