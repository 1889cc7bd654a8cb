"""A local farm that stands until it is told to go: where others find it, and how they end it."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError
from autoscaling_env.files import atomic_write
from autoscaling_env.types import TaskBatch, Telemetry
from live.platforms.local.farm import make_local

#: Real seconds a farm may take to go after it was told to.
GOING_S = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """A farm somebody keeps up on this machine.

    Attributes:
        farm: its name.
        url: its server's address.
        pid: of the process that keeps it up; the farm goes with it.
        started: that process's start time, which tells it from a later one of the same number.
    """

    farm: str
    url: str
    pid: int
    started: float | None


@contextmanager
def standing_farm(config: Config, workers: int) -> Iterator[tuple[Standing, Telemetry]]:
    """Bring a farm up with idle workers, announce it, and take it down at the end of the block.

    Raises:
        BackendError: a farm of that name stands already, or it cannot be brought up.
    """
    if (other := find(config.live.farm)) is not None:
        raise BackendError(f"farm {other.farm!r} is up already (process {other.pid}); `autoscale farm down` ends it")
    backend = make_local(config)
    try:
        nothing = np.empty(0)
        telemetry = backend.reset(TaskBatch(nothing, nothing, nothing), workers)
        mine = Standing(config.live.farm, backend.spec.functions.redis_url, os.getpid(), _started(os.getpid()))
        with atomic_write(_place(config.live.farm)) as file:
            json.dump(asdict(mine), file)
        yield mine, telemetry
    finally:
        _place(config.live.farm).unlink(missing_ok=True)
        backend.close()


def find(farm: str) -> Standing | None:
    """Return the farm of that name, if its process still lives."""
    try:
        standing = Standing(**json.loads(_place(farm).read_text("utf-8")))
        alive = _started(standing.pid) == standing.started
    except (OSError, ValueError, TypeError):
        return None
    return standing if alive else None


def end(standing: Standing) -> None:
    """Tell a farm to go and wait until it has gone.

    Raises:
        BackendError: it does not go.
    """
    os.kill(standing.pid, signal.SIGTERM)
    deadline = time.monotonic() + GOING_S
    while find(standing.farm) is not None:
        if time.monotonic() > deadline:
            raise BackendError(f"farm {standing.farm!r} does not go; end process {standing.pid} yourself")
        time.sleep(0.05)


def _place(farm: str) -> Path:
    """Return a place in a private folder: nobody else can announce a farm in our name."""
    folder = Path(tempfile.gettempdir()) / f"autoscale-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise BackendError(f"{folder} belongs to somebody else; set TMPDIR to a folder of yours")
    return folder / f"{farm}.json"


def _started(pid: int) -> float | None:
    """Return when a process began; None: there is none."""
    import psutil  # what else this kind of farm can do needs none

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None
