"""Reads the farm for its controller, with patience: an outage makes readings stale, a long one ends the episode."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from autoscaling_env.errors import BackendError
from autoscaling_env.types import TaskBatch
from live.clock import Clock
from live.control import PAGE, Controller
from live.errors import ServerFull, ServerUnreachable
from live.platform import Roster
from live.readings import Readings
from live.snapshot import Snapshot

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

#: The server's clock may be this far behind ours at the end of a step before we stop waiting for it.
MAX_WAIT_S = 1.0


class SnapshotPoller:
    """The controller's eyes on one episode.

    Attributes:
        roster: the workers as last read.
    """

    def __init__(self, controller: Controller, tasks: TaskBatch, time_scale: float, clock: Clock) -> None:
        self.roster: Roster = ()
        self._controller = controller
        self._service_s: list[float] = tasks.service_s.tolist()
        self._time_scale = time_scale
        self._clock = clock
        self._read = self._dead = 0
        self._answered = clock.now()

    def first(self) -> Snapshot:
        """Return the farm before its clock runs."""
        return self._noted(self._controller.snapshot(0))

    def look(self, readings: Readings, outage_limit_s: float, until_us: int = 0) -> bool:
        """Read all that is new into ``readings``; False if the server does not answer for now.

        Raises:
            BackendError: it has not answered for ``outage_limit_s`` real seconds, or the episode is over.
        """
        try:
            self._read_all(readings, until_us)
        except (ServerUnreachable, ServerFull) as error:
            self._bear(error, outage_limit_s)
            return False
        self._answered = self._clock.now()
        return True

    def _read_all(self, readings: Readings, until_us: int) -> None:
        give_up = self._clock.now() + MAX_WAIT_S
        while True:
            snapshot = self._noted(self._controller.snapshot(self._read))
            self._read += len(snapshot.collected)
            readings.add(snapshot)
            early_s = (until_us - snapshot.now_us) / 1e6
            if len(snapshot.collected) < PAGE and (early_s <= 0 or self._clock.now() > give_up):
                return
            self._clock.sleep(min(early_s, MAX_WAIT_S))

    def _noted(self, snapshot: Snapshot) -> Snapshot:
        self.roster = snapshot.roster(self._service_s, self._time_scale)
        if snapshot.failed:
            raise BackendError(f"the emitter gave up: {snapshot.failed}; reset starts a new episode")
        if snapshot.trouble:
            logger.warning("the server takes no more data: %s; raise `maxmemory`", snapshot.trouble)
        if snapshot.dead > self._dead:
            logger.warning("%d entries on the dead list; they count as finished, deadline missed", snapshot.dead)
        self._dead = snapshot.dead
        return snapshot

    def _bear(self, error: BackendError, outage_limit_s: float) -> None:
        silent_s = self._clock.now() - self._answered
        if silent_s > outage_limit_s:
            raise BackendError(f"{error} (no answer for {silent_s:.0f} s; live.outage_limit_s)") from error
        logger.warning("telemetry is stale: %s", error)


def retry_until(ask: Callable[[], Answer], seconds: float, clock: Clock) -> Answer:
    """Ask again while the server is unreachable, for up to ``seconds``."""
    give_up = clock.now() + seconds
    while True:
        try:
            return ask()
        except ServerUnreachable:
            if clock.now() > give_up:
                raise
            clock.sleep(0.02)
