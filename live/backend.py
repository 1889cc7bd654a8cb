"""The live farm behind the Backend protocol, in wall-clock time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NoReturn

import numpy as np

from autoscaling_env.config import Config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import BackendError
from autoscaling_env.randomization import OF_EVERY_FARM, Randomization, refuse_others
from autoscaling_env.rng import STARTUP_BLOCK, stream
from autoscaling_env.types import ScaleOutcome, TaskBatch, TaskLog, Telemetry
from live.clients import command_client
from live.clock import Clock, SystemClock
from live.control import Controller
from live.functions.settings import FunctionSettings
from live.history import Event, Verdict, read_history, verify
from live.keeper import Keeper
from live.platform import FarmSpec, Platform, WorkerCounts
from live.queues import Queues
from live.readings import WORKER_FIELDS, Readings
from live.snapshot import Snapshot
from live.snapshot_poller import SnapshotPoller, retry_until
from live.starts import StartLog, WorkerStarts
from live.wire.scripts import protocol
from live.wire.tasks import Outcomes, segments

logger = logging.getLogger(__name__)

#: A server that was just started may take this long to answer (real seconds).
SERVER_START_S = 5.0
#: A step that ends later than this share of itself is warned of.
LATE_SHARE = 0.1
#: How often the server is asked when the episode began; the quickest answer counts.
CLOCK_READINGS = 3
#: One attempt to read the farm may take this long (real seconds).
READ_TIMEOUT_S = 1.0


class LiveBackend:
    """A real farm: queues on a Redis server, workers started by a platform.

    One second of the episode takes ``live.time_scale`` real seconds. The end of each step is an absolute
    moment of the episode, so a slow decision shortens the waiting and does not shift what follows.

    Args:
        farm: delays (``startup``, ``collect_s``) and bounds.
        live: the server's address and everybody's patience.
        platform: who starts the workers; closed with this object.
        redis_url: where this process reaches the server.
        functions_redis_url: where the functions reach it; the same if left out.
        clock: real time.

    Attributes:
        tasks: the running episode's batch.
        platform: as given.
        randomization: what of the imposed start-up delays is drawn anew for every episode; see ``randomized``.
    """

    def __init__(
        self,
        farm: FarmConfig,
        live: LiveConfig,
        platform: Platform,
        redis_url: str,
        *,
        functions_redis_url: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._farm, self._live, self.platform = farm, live, platform
        self.randomization: Randomization | None = None
        self._clock = clock or SystemClock()
        secret = live.redis_password_file
        client = command_client(redis_url, password_file=secret, retries=1, timeout_s=READ_TIMEOUT_S)
        self.queues = Queues(client, live.farm, redis_url)
        self._controller = Controller(self.queues, lease_s=live.lease_s, max_deliveries=live.max_deliveries)
        self.spec = farm_spec(farm, live, functions_redis_url or redis_url)
        self._keeper = Keeper(self._controller, platform)
        self._opened = self._closed = False
        self.tasks = TaskBatch(np.empty(0), np.empty(0), np.empty(0))
        self._readings: Readings | None = None
        self._watch = SnapshotPoller(self._controller, self.tasks, live.time_scale, self._clock)
        self._starts = WorkerStarts()
        self._zero = self._now_s = self._warned_late_s = 0.0

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied: there is one of it."""
        raise BackendError("a live farm cannot be copied or pickled; an environment with backend='sim' can")

    def reset(self, tasks: TaskBatch, workers: int) -> Telemetry:
        """See ``Backend.reset``. Takes real time: until the workers are ready."""
        self._open()
        self.tasks, self._readings, self._starts = tasks, None, WorkerStarts()
        self._warned_late_s = 0.0
        self._watch = SnapshotPoller(self._controller, tasks, self._live.time_scale, self._clock)
        self._keeper.follow("")
        retry_until(lambda: self._controller.begin(segments(tasks)), SERVER_START_S, self._clock)
        self._keeper.follow(self._controller.episode)
        self.platform.begin(workers, self._startup_delays())
        first = self._wait_for(workers)
        return self._start(first)

    def scale_to(self, workers: int) -> ScaleOutcome:
        """See ``Backend.scale_to``."""
        readings = self._running()
        before = self._counts(fresh=True)
        if workers < before.requested:
            self._watch.look(readings, self._live.outage_limit_s)
        outcome = self.platform.scale_to(workers, self._watch.roster)
        self._starts.asked(self.elapsed_s(), before.requested, outcome.accepted, before.starting)
        return outcome

    def advance(self, seconds: float) -> Telemetry:
        """See ``Backend.advance``."""
        if not seconds > 0:
            raise ValueError(f"advance({seconds:g}): seconds must be > 0")
        readings = self._running()
        self._now_s += seconds
        self._clock.sleep(self._zero + self._now_s * self._live.time_scale - self._clock.now())
        self._warn_if_late(seconds)
        until_us = readings.outcomes.server_us(self._now_s)
        fresh = self._watch.look(readings, self._live.outage_limit_s, until_us)
        return readings.telemetry(self._now_s, self._counts(fresh), fresh=fresh)

    def close(self) -> None:
        """See ``Backend.close``. Leaves no key and no process behind."""
        if self._closed:
            return
        self._closed = True
        self._keeper.close()
        try:
            if self._controller.episode:
                self._controller.release(drop=True)
        except BackendError as error:
            logger.warning("farm %r was left on its server: %s", self.queues.farm, error)
        finally:
            self.platform.close()
            self.queues.client.close()

    # -- what a run records

    def task_log(self) -> TaskLog:
        """See ``TaskLogging.task_log``."""
        return self._running().outcomes.task_log()

    def outcomes(self) -> Outcomes:
        """Return what became of each task so far, with its worker, deliveries and time at work."""
        return self._running().outcomes

    def start_log(self) -> StartLog:
        """Return when each worker that was added was asked for and was ready."""
        zero_us = self._running().outcomes.zero_us
        return self._starts.log(self.history(), zero_us, self._live.time_scale)

    def history(self) -> list[Event]:
        """Return all events of the episode so far."""
        return read_history(self.queues.client, self.queues.farm)

    def verify(self) -> Verdict:
        """Check that nothing was lost or counted twice."""
        collected_s = self._running().outcomes.collected_s
        return verify(self.history(), len(self.tasks), complete=bool(np.isfinite(collected_s).all()))

    def elapsed_s(self) -> float:
        """Return episode seconds by the clock, also between steps."""
        return (self._clock.now() - self._zero) / self._live.time_scale

    # -- inside

    def _open(self) -> None:
        """Make the farm ours before the platform touches what may belong to a running one of that name."""
        if self._closed:
            raise BackendError("this farm was closed; make a new one")
        if not self._opened:
            private = not self._live.redis_url and self.queues.where.startswith("unix:")  # started beside us just now
            patience_s = self.spec.open_timeout_s if private else SERVER_START_S
            retry_until(lambda: self._controller.begin(()), patience_s, self._clock)
            self.platform.open(self.spec)
            self._keeper.start()
            self._opened = True

    def _running(self) -> Readings:
        if self._readings is None or self._closed:
            raise BackendError("the farm is not running; call reset() first")
        return self._readings

    def _startup_delays(self) -> Iterator[float] | None:
        if self._live.startup == "real":
            return None
        farm = self.randomization.farm(self.tasks.seed) if self.randomization else self._farm
        return startup_delays(farm, self.tasks.seed, self._live.time_scale)

    def _wait_for(self, workers: int) -> Snapshot:
        """Return the first snapshot in which ``workers`` are ready."""
        give_up = self._clock.now() + self.spec.open_timeout_s
        while True:
            snapshot = retry_until(self._watch.first, SERVER_START_S, self._clock)
            counts = self.platform.counts(self._watch.roster)
            if (counts.ready, counts.starting) == (workers, 0):
                return snapshot
            if self._clock.now() > give_up:
                raise BackendError(
                    f"{counts.ready} of {workers} workers are ready after {self.spec.open_timeout_s:g} s "
                    f"({counts.starting} starting); see `autoscale doctor --backend {self.platform.name}`"
                )
            self._clock.sleep(0.01)

    def _start(self, first: Snapshot) -> Telemetry:
        readings = [self._started() for _ in range(CLOCK_READINGS)]
        zero_us = readings[0][1]
        self._zero, self._now_s = min(readings)[0], 0.0
        self._readings = Readings(self.tasks, zero_us, self._live.time_scale, first)
        return self._readings.telemetry(0.0, self._counts(fresh=True))

    def _started(self) -> tuple[float, int]:
        """Return time 0 by our clock and the server's; a late answer puts ours too late, never too early."""
        zero_us, now_us = self._controller.start()
        return self._clock.now() - (now_us - zero_us) / 1e6, zero_us

    def _warn_if_late(self, step_s: float) -> None:
        """Warn the first time in an episode, and when it has become twice as bad."""
        late_s = self.elapsed_s() - self._now_s
        if late_s > max(LATE_SHARE * step_s, 2 * self._warned_late_s):
            self._warned_late_s = late_s
            remedy = "decide faster, or raise live.time_scale"
            logger.warning("step ended %.2f s late (%.0f %% of it): %s", late_s, 100 * late_s / step_s, remedy)

    def _counts(self, fresh: bool) -> WorkerCounts:
        counts = self.platform.counts(self._watch.roster)
        if counts.changed_by:
            logger.warning("%s", counts.changed_by)
        if fresh:
            return counts
        return replace(counts, stale=tuple(dict.fromkeys((*counts.stale, *WORKER_FIELDS[1:]))))


#: What a live farm's seconds are made of is what it is, but for start-up where it is imposed.
RANDOMIZES = ("farm.startup",)


def randomized(config: Config, make: Callable[[], LiveBackend]) -> LiveBackend:
    """Return the farm that ``make`` makes, which follows what is drawn anew for every episode.

    Raises:
        InputError: start-up is drawn and is not imposed here.
    """
    if config.live.startup == "real":
        refuse_others(config, "a farm with live.startup: real", OF_EVERY_FARM)
    backend = make()
    backend.randomization = Randomization(config)
    return backend


def startup_delays(farm: FarmConfig, seed: int, time_scale: float) -> Iterator[float]:
    """Yield real seconds: the j-th worker started has the j-th draw of the episode, exactly as in the simulator."""
    rng = stream(seed, "startup")
    while True:
        yield from (farm.startup.sample(rng, STARTUP_BLOCK) * time_scale).tolist()


def farm_spec(farm: FarmConfig, live: LiveConfig, redis_url: str) -> FarmSpec:
    """Return what a platform needs to run the functions of this farm."""
    functions = FunctionSettings(
        redis_url=redis_url,
        farm=live.farm,
        handler=live.handler,
        time_scale=live.time_scale,
        lease_s=live.lease_s,
        hang_s=live.hang_s,
        drain_grace_s=live.drain_grace_s,
        max_result_bytes=live.max_result_bytes,
        memory_limit_mb=live.memory_limit_mb,
        collect_s=farm.collect_s,
        password_file=live.redis_password_file,
        protocol=protocol(),
    )
    return FarmSpec(functions, farm.min_workers, farm.max_workers)
