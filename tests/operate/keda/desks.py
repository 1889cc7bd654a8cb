"""Workers whose counts a test sets, and controllers' ticks without controllers."""

from __future__ import annotations

from dataclasses import replace

from autoscaling_env.errors import BackendError
from operate.config import BoundsConfig
from operate.keda.target import KedaTarget, Rules
from operate.reading import TargetState
from operate.record import Record
from operate.testing.simulated import ManualClock


class There:
    """A platform: what it tells is what the test says."""

    described = "deployment/worker in shop"

    def __init__(self, workers: int = 3) -> None:
        self.state = TargetState(workers, workers, workers)
        self.away = False
        self.closed = 0

    def look(self) -> TargetState:
        if self.away:
            raise BackendError("the API server has not said anything yet")
        return self.state

    def scaler(self):
        raise AssertionError("the platform's own scaler is never asked for")

    def close(self) -> None:
        self.closed += 1

    def has(self, workers: int, changed_by: str = "") -> None:
        """KEDA, or somebody else, brought it to so many."""
        self.state = TargetState(workers, workers, workers, changed_by=changed_by)


class Desk:
    """A controller's target, its platform, and the clock; ``decides`` is a tick."""

    def __init__(self, workers: int = 3, *, acting: bool = True, least: int = 0, most: int = 100) -> None:
        self.clock, self.there = ManualClock(), There(workers)
        rules = Rules(BoundsConfig(min=least, max=most), 5.0, acting)
        self.target = KedaTarget(self.there, rules, self.clock.now)

    def decides(self, workers: int | None = None, stale: str = "") -> TargetState:
        """One tick: it looks, tells what it wants (None: what there is), and records."""
        state = self.target.look()
        if workers is not None:
            self.target.scaler().scale_to(workers)
        self.target.ticked(replace(Record(at="", operator="", tick=0, time_s=0.0), stale=stale))
        return state
