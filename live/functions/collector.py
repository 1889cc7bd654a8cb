"""The collector: counts each result once, first in first out, and takes back tasks whose worker fell silent.

Run it with ``python -m live.functions.collector``.
"""

from __future__ import annotations

import sys
import time

from autoscaling_env.errors import BackendError
from live.functions.program import Program, run
from live.functions.settings import FunctionSettings
from live.functions.signals import Stopped
from live.queues import StaleEpisode

BATCH = 256
#: Real seconds between looks at the leases.
REAP_S = 1.0


class Collector:
    """Collects one episode after the other."""

    def __init__(self, settings: FunctionSettings) -> None:
        self._program = Program(settings, REAP_S)
        self._queues = self._program.queues
        self._collect_s = settings.collect_s * settings.time_scale
        self._reaped = 0.0

    def run(self) -> None:
        """Collect until told to leave."""
        self._program.signals.install()
        self._program.serve_probes()
        while not self._program.signals.stopping:
            try:
                self._next_episode()
            except StaleEpisode:
                continue
            except BackendError as error:
                self._program.log("waiting", str(error))
                self._program.signals.sleep(0.1)

    def _next_episode(self) -> None:
        episode = self._program.retry_until(self._queues.episode).get("id", "")
        self._program.ready = True
        if not episode:
            self._program.wait_for_token("result_wake", REAP_S)
        while episode:
            self._collect(episode)
            self._reap(episode)

    def _collect(self, episode: str) -> None:
        self._program.alive()
        left = self._collect_slowly(episode) if self._collect_s else self._queues.collect(episode, BATCH)[1]
        if not left:
            self._program.wait_for_token("result_wake", REAP_S)

    def _collect_slowly(self, episode: str) -> int:
        """Spend the configured time on one result; return how many are left."""
        if not self._queues.collect(episode, 0)[1]:
            return 0
        self._program.signals.sleep(self._collect_s)
        return self._queues.collect(episode, 1)[1]

    def _reap(self, episode: str) -> None:
        now = time.monotonic()
        if now - self._reaped < REAP_S:
            return
        self._reaped = now
        for _ in range(self._queues.reap(episode)):
            self._program.log("took back", "a task whose lease had ended")


def main(settings: FunctionSettings) -> None:
    """Run the collector until it is told to leave."""
    try:
        Collector(settings).run()
    except Stopped:
        return


if __name__ == "__main__":
    sys.exit(run(main))
