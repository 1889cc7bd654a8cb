"""What a live episode leaves behind besides steps and tasks: who did each task, how workers started, every event."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autoscaling_env.backend import Backend
from autoscaling_env.errors import RunError
from live.backend import LiveBackend
from live.history import Event, Verdict, verify

if TYPE_CHECKING:
    import pandas as pd

#: File of a run folder -> its columns besides agent, episode and episode_seed. Times: episode seconds; work_s too.
FILES: dict[str, tuple[str, ...]] = {
    "live_tasks.parquet": ("task", "worker", "worker_ready_s", "deliveries", "work_s", "dead"),
    "worker_starts.parquet": ("asked_s", "ready_s"),
    "history.parquet": ("at_us", "kind", "task", "worker", "token"),
}


def records(backend: Backend, agent: str, episode: int) -> dict[str, pd.DataFrame]:
    """Return ``frames`` of a live farm, as ``FarmKind.records``; of another one nothing."""
    return frames(backend, agent, episode) if isinstance(backend, LiveBackend) else {}


def frames(backend: LiveBackend, agent: str, episode: int) -> dict[str, pd.DataFrame]:
    """Return the running episode's records, a frame for each of ``FILES``. Call before the next reset."""
    history = backend.history()
    columns = {
        "live_tasks.parquet": _tasks(backend, history),
        "worker_starts.parquet": _starts(backend),
        "history.parquet": _events(history),
    }
    return {name: _frame(data, agent, episode, backend.tasks.seed) for name, data in columns.items()}


def _frame(columns: dict[str, Any], agent: str, episode: int, seed: int) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(columns)
    frame.insert(0, "agent", agent)
    frame.insert(1, "episode", episode)
    frame.insert(2, "episode_seed", seed)
    return frame


def _tasks(backend: LiveBackend, history: Sequence[Event]) -> dict[str, Any]:
    outcomes = backend.outcomes()
    ready_s = {e.worker: outcomes.episode_s(e.at_us) for e in history if e.kind == "ready"}
    numbers = np.arange(len(outcomes.workers))
    return {
        "task": numbers,
        "worker": outcomes.workers,
        "worker_ready_s": np.array([ready_s.get(worker, np.nan) for worker in outcomes.workers], dtype=np.float64),
        "deliveries": outcomes.deliveries,
        "work_s": outcomes.work_s,
        "dead": [outcomes.dead.get(int(number), "") for number in numbers],
    }


def _starts(backend: LiveBackend) -> dict[str, Any]:
    log = backend.start_log()
    return {"asked_s": log.asked_s, "ready_s": log.ready_s}


def _events(history: Sequence[Event]) -> dict[str, Any]:
    return {
        "at_us": np.array([event.at_us for event in history], dtype=np.int64),
        "kind": [event.kind for event in history],
        "task": [event.task for event in history],
        "worker": [event.worker for event in history],
        "token": np.array([event.token for event in history], dtype=np.int64),
    }


def read(run: Path, name: str) -> pd.DataFrame:
    """Read one of ``FILES`` (or ``tasks.parquet``) of a run folder.

    Raises:
        RunError: the run has no such file, or it cannot be read.
    """
    import pandas as pd

    path = run / name
    if not path.is_file():
        raise RunError(f"{path}: not there; only runs of a live farm have it")
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None


def verify_run(run: Path) -> dict[tuple[str, int], Verdict]:
    """Check the recorded history of every episode of a run: (agent, episode) -> verdict (``autoscale verify``).

    Raises:
        RunError: the run has no history.
    """
    history, tasks = read(run, "history.parquet"), read(run, "tasks.parquet")
    keys = ["agent", "episode"]
    verdicts = {}
    for name, own in tasks.groupby(keys, sort=False):
        agent, episode = cast("tuple[str, int]", name)
        events = history[(history["agent"] == agent) & (history["episode"] == episode)]
        complete = bool(own["collected_s"].notna().all())
        verdicts[agent, int(episode)] = verify(_as_events(events), len(own), complete=complete)
    return verdicts


def _as_events(frame: pd.DataFrame) -> list[Event]:
    columns = (frame[name] for name in ("at_us", "kind", "task", "worker", "token"))
    return [
        Event(int(at_us), kind, task, worker, int(token))
        for at_us, kind, task, worker, token in zip(*columns, strict=True)
    ]
