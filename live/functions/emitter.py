"""The emitter: puts each task of the segments on the worker queue at its arrival time.

Where it was is on the server (the segment begun, the tasks counted), so one that is killed and started again
goes on without losing or repeating a task. Run it with ``python -m live.functions.emitter``.
"""

from __future__ import annotations

import sys
import time

from autoscaling_env.errors import BackendError
from live.functions.program import Program, run
from live.functions.settings import FunctionSettings
from live.functions.signals import Stopped
from live.queues import StaleEpisode
from live.wire.segments import Segment, parse_segment, task_json

#: Most tasks in one step; keeps a script under a millisecond.
BATCH = 256
BLOCK_S = 1.0
#: How often the server is asked for its time; the quickest answer counts.
CLOCK_READINGS = 5


class Emitter:
    """Emits one episode after the other."""

    def __init__(self, settings: FunctionSettings) -> None:
        self._program = Program(settings, BLOCK_S)
        self._queues = self._program.queues
        self._scale = settings.time_scale
        self._episode = ""
        self._done = ""
        self._zero = 0.0

    def run(self) -> None:
        """Emit until told to leave."""
        self._program.signals.install()
        self._program.serve_probes()
        self._program.ready = True
        while not self._program.signals.stopping:
            try:
                self._next_episode()
            except StaleEpisode:
                continue
            except BackendError as error:
                self._program.log("waiting", str(error))
                self._program.signals.sleep(0.1)

    def _next_episode(self) -> None:
        fields = self._program.retry_until(self._queues.episode)
        episode, started_us = fields.get("id", ""), int(fields.get("started_us", "0"))
        if episode == self._done or not started_us:
            self._program.wait_for_token("emitter_wake", BLOCK_S)
            return
        self._episode = episode
        self._zero = self._program.retry_until(lambda: self._local_time_of(started_us))
        self._emit_from(max(0, int(fields["segments"]) - 1))
        self._done = episode

    def _local_time_of(self, server_us: int) -> float:
        """Return what this machine's monotonic clock shows at a server time, by the quickest of some answers.

        One that had to be waited for (a stalled server, a repeated command) may be seconds off.
        """
        readings = []
        for _ in range(CLOCK_READINGS):
            before = time.monotonic()
            now_us = self._queues.server_time_us()
            after = time.monotonic()
            readings.append((after - before, (before + after) / 2 - (now_us - server_us) / 1e6))
        return min(readings)[1]

    def _emit_from(self, number: int) -> None:
        begins_s: float | None = 0.0
        while begins_s is not None:
            self._wait_until(begins_s)
            text = self._take(number)
            if text is None:
                return
            try:
                segment = parse_segment(text)
                self._emit(segment)
            except ValueError as error:
                self._fail(f"segment {number} on input_queue: {error}")
                return
            number, begins_s = number + 1, segment.next_s

    def _fail(self, reason: str) -> None:
        self._program.retry_until(lambda: self._queues.fail(self._episode, reason))

    def _take(self, number: int) -> str | None:
        return self._program.retry_until(lambda: self._queues.take_segment(self._episode, number))

    def _emit(self, segment: Segment) -> None:
        total = self._program.retry_until(self._queues.enqueued_total)
        waiting = [task for task in segment.tasks if task[0] >= total]
        sent = 0
        while sent < len(waiting):
            self._wait_until(waiting[sent][1])
            due_s = (time.monotonic() - self._zero) / self._scale
            batch = [task for task in waiting[sent : sent + BATCH] if task[1] <= due_s] or waiting[sent : sent + 1]
            self._enqueue(batch)
            sent += len(batch)

    def _enqueue(self, batch: list[tuple[int, float, float, float]]) -> None:
        tasks = [task_json(task) for task in batch]
        self._program.alive()
        self._program.retry_until(lambda: self._queues.enqueue(self._episode, batch[0][0], tasks))

    def _wait_until(self, episode_s: float) -> None:
        """Wait for a moment of the episode; a long wait also listens for a new episode."""
        due = self._zero + episode_s * self._scale
        while (left := due - time.monotonic()) > 0:
            if left < BLOCK_S / 2:
                self._program.signals.sleep(left)
            elif self._program.wait_for_token("emitter_wake", min(BLOCK_S, left - BLOCK_S / 4)):
                self._check_episode()

    def _check_episode(self) -> None:
        if self._program.retry_until(self._queues.episode).get("id") != self._episode:
            raise StaleEpisode


def main(settings: FunctionSettings) -> None:
    """Run the emitter until it is told to leave."""
    try:
        Emitter(settings).run()
    except Stopped:
        return


if __name__ == "__main__":
    sys.exit(run(main))
