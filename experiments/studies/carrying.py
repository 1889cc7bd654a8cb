"""Carries out one cell, wherever: what every scheduler calls, and all that it calls."""

from __future__ import annotations

import hashlib
import os
import socket
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agents.training.types import TrainingResult
from analysis.metrics import METRICS
from autoscaling_env.errors import AutoscalingError, BackendError
from experiments.studies.cells import Cell, address_of
from experiments.studies.evaluation_cell import evaluate_cell
from experiments.studies.store import CELLS, DONE, Store, open_store, read_json, write_json
from experiments.studies.training_cell import train_cell
from experiments.studies.versions import differences

#: What belongs to the records of a cell: equal cells have these files to the byte.
RECORDS = ("*.parquet", "*_metrics.json", "training_state_visits.json", "models/*.safetensors")
#: Lines of a traceback that are kept.
TRACE_LINES = 12
#: What another machine may not meet: a full disk, too little memory, a package or version that is not there.
OF_THE_MACHINE = (OSError, MemoryError, ModuleNotFoundError)


class OtherCodeError(BackendError):
    """This machine's code is not that of the study."""


@dataclass(frozen=True, slots=True)
class Job:
    """A cell as it is handed out: plain text and names, whatever carries it.

    Attributes:
        store: what opens the store.
        cell: ``Cell.to_json``.
        attempt: the name of this attempt, its own.
        code: the version of the code that the study runs with (``versions.code_version``).
    """

    store: str
    cell: str
    attempt: str
    code: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        address: of the cell.
        error: one line; "": it is finished, and its manifest is in the store.
        trace: the end of the traceback of an error that is nobody's fault but ours.
        machine: an error may be the machine's fault: another attempt is worth it.
        elapsed_s: real seconds.
        host: on which machine.
        figures: mean of every figure over the episodes of an evaluation.
    """

    address: str
    error: str = ""
    trace: str = ""
    machine: bool = False
    elapsed_s: float = 0.0
    host: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of a failure."""
        return asdict(self)


def carry_out(job: Job) -> Outcome:
    """Carry out a cell; its manifest comes last, so what has one is whole. One that is finished is not run again.

    Returns:
        How it ended; errors are told in it, so one cell's does not end the others.

    Raises:
        KeyboardInterrupt: it was stopped; a training goes on from its newest checkpoint the next time.
    """
    started = time.perf_counter()
    cell = Cell.from_json(job.cell)
    try:
        found = _carried_out(cell, job)
    except Exception as error:
        known = isinstance(error, AutoscalingError | OSError | MemoryError)
        line = " ".join(str(error).split()) or type(error).__name__
        return Outcome(
            cell.address,
            error=line if isinstance(error, AutoscalingError) else f"{type(error).__name__}: {line}",
            trace="" if known else "".join(traceback.format_exc().splitlines(keepends=True)[-TRACE_LINES:]),
            machine=isinstance(error, (*OF_THE_MACHINE, OtherCodeError)),
            elapsed_s=time.perf_counter() - started,
            host=socket.gethostname(),
        )
    return Outcome(cell.address, elapsed_s=found["elapsed_s"], host=found["host"], figures=found["figures"])


def _carried_out(cell: Cell, job: Job) -> dict[str, Any]:
    """Return the manifest of a cell that is finished now."""
    store = open_store(job.store)
    name = f"{DONE}/{cell.address}.json"
    if (known := read_json(store, name)) is not None:
        found: dict[str, Any] = known
        return found
    if wrong := differences(job.code):
        raise OtherCodeError(f"other code on {socket.gethostname()} than where the study runs: {'; '.join(wrong)}")
    if address_of(cell) != cell.address:
        raise OtherCodeError(f"on {socket.gethostname()} {cell.scenario} is another scenario, or {cell.policy} another")
    started = time.perf_counter()
    folder = f"{CELLS}/{cell.address}/{job.attempt}"
    with store.workplace(folder) as place:
        result = _run(cell, store, place, job.attempt)
        store.keep(place, folder)
        manifest = _manifest(cell, job, place, result, time.perf_counter() - started)
    write_json(store, name, manifest)
    return manifest


def _run(cell: Cell, store: Store, place: Path, attempt: str) -> dict[str, Any]:
    if cell.kind == "evaluate":
        table = evaluate_cell(cell, store, place)
        means = {name: float(table[name].mean()) for name in METRICS if name in table and table[name].notna().any()}
        return {"figures": means, "episodes": len(table)}
    result: TrainingResult = train_cell(cell, store, place, attempt)
    if result.interrupted:
        raise KeyboardInterrupt
    model = result.model.relative_to(place).as_posix()
    return {"figures": {}, "episodes": result.episodes, "model": model}


def _manifest(cell: Cell, job: Job, place: Path, result: Mapping[str, Any], elapsed_s: float) -> dict[str, Any]:
    files = sorted({path for pattern in RECORDS for path in place.glob(pattern)})
    return {
        "address": cell.address,
        "attempt": job.attempt,
        "kind": cell.kind,
        "scenario": cell.scenario,
        "policy": cell.policy,
        "seed": cell.seed,
        "settings": dict(cell.settings),
        "needs": cell.needs,
        "code": dict(job.code),
        "elapsed_s": elapsed_s,
        "host": socket.gethostname(),
        "process": os.getpid(),
        **result,
        "files": {path.relative_to(place).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
