"""What came to somebody's queue before: as its source remembers, or as the controller's own journal does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from agents.planning.forecast import History
from agents.planning.forecast.forecaster import Counts
from autoscaling_env.errors import InputError
from operate.config import OperateConfig
from operate.journal.files import SUBFOLDER
from operate.journal.reader import JournalReader
from operate.source import Recalls, Source

#: Shorter pasts say nothing that the last minutes do not.
LEAST_S = 600.0
#: A tick that saw more than so many intervals at once is no step of a history.
LATE = 1.5


class OncePerPeriod:
    """A past that is read when a period begins, and not again in it: a month of a journal takes seconds to read.

    Args:
        read: returns it; None: there is none.
        wall: seconds since 1970.
        period_s: of the queue.
    """

    def __init__(self, read: Callable[[], History | None], wall: Callable[[], float], period_s: float) -> None:
        self._read, self._wall, self._period_s = read, wall, period_s
        self._lap: int | None = None
        self._history: History | None = None

    def __call__(self) -> History | None:
        """Return what is known in this period."""
        lap = int(self._wall() // self._period_s)
        if lap != self._lap:
            self._history, self._lap = self._read(), lap
        return self._history


def recalled(config: OperateConfig, source: Source, wall_s: float) -> History | None:
    """Return the arrivals that the source remembers; None: there are none.

    Raises:
        BackendError: they cannot be read.
        InputError: the source cannot know them.
    """
    if not isinstance(source, Recalls):
        raise InputError(f"recall: {source.described} does not know what came before; leave it out")
    counts = source.past(config.interval, config.recall)
    return _history(config, [(wall_s - len(counts) * config.interval, counts)])


def journal_past(config: OperateConfig) -> History | None:
    """Return the arrivals of the journal in the controller's own state, cut where it did not run; None: too few."""
    try:
        reader = JournalReader(config.state / SUBFOLDER)
    except InputError:
        return None
    stretches: list[tuple[float, list[float]]] = []
    next_s = 0.0
    for record in reader:
        if record.kind != "tick" or record.step_s != config.interval or record.seen.get("arrived") is None:
            continue
        at_s = datetime.fromisoformat(record.at).timestamp()
        if (record.seen.get("elapsed_s") or 0.0) > LATE * config.interval:
            continue  # it counts what came while nobody could look
        if abs(at_s - next_s) > config.interval / 2:
            stretches.append((at_s - config.interval, []))
        stretches[-1][1].append(float(record.seen["arrived"] or 0.0))
        next_s = at_s + config.interval
    return _history(config, [(begin_s, _whole(counts)) for begin_s, counts in stretches])


def _whole(counts: list[float]) -> Counts:
    """Return whole counts with the same sums."""
    sums = np.floor(np.cumsum([0.0, *counts]) + 1e-6)
    whole: Counts = np.diff(sums).astype(np.int64)
    return whole


def _history(config: OperateConfig, stretches: list[tuple[float, Counts]]) -> History | None:
    """Return a history of stretches that begin at a wall-clock time each."""
    known = [(begin_s, counts) for begin_s, counts in stretches if len(counts)]
    if sum(len(counts) for _, counts in known) * config.interval < min(LEAST_S, config.period):
        return None
    period = max(1, round(config.period / config.interval))
    offsets = tuple(int(begin_s % config.period // config.interval) % period for begin_s, _ in known)
    return History(config.interval, tuple(counts for _, counts in known), period, offsets)
