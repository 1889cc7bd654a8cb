"""A package that announces queues in files: one remembers tasks, one recalls counts, one both, one knows neither."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from operate.config import operate_model
from operate.kinds import source_kinds
from tests.distributions import distribution

#: A Monday, 00:00 UTC.
MONDAY_S = 1_800_230_400.0

KINDS = """
import json
from pathlib import Path
from typing import Annotated, Literal
import numpy as np
from pydantic import Field
from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError
from operate.kinds import SourceKind
from operate.reading import Fact, KeptTasks, Reading

class Settings(Section):
    file: Annotated[Path, Field(strict=False)]

class LedgerSettings(Settings):
    kind: Literal["ledger"] = "ledger"
class TallySettings(Settings):
    kind: Literal["tally"] = "tally"
class BlindSettings(Settings):
    kind: Literal["blind"] = "blind"
class BothSettings(Settings):
    kind: Literal["both"] = "both"

class Blind:
    def __init__(self, settings):
        self.settings, self.knows = settings, frozenset({Fact.BACKLOG})
        self.described = f"queue in {settings.file.name}"
        self.closed = False
    def read(self):
        return Reading(backlog=0.0)
    def close(self):
        self.closed = True
    def rows(self, since_s):
        try:
            book = json.loads(self.settings.file.read_text())
        except OSError:
            raise BackendError(f"{self.settings.file.name}: cannot be reached") from None
        return [row for row in book["tasks"] if row[0] >= book["now"] - since_s], book

class Ledger(Blind):
    def kept(self, since_s):
        rows, book = self.rows(since_s)
        came, work, names = zip(*rows) if rows else ((), (), ())
        known = [np.nan if each is None else each for each in work]
        return KeptTasks(np.array(came, dtype=float), np.array(known), tuple(names), tuple(book["remarks"]))

class Tally(Blind):
    def past(self, step_s, since_s):
        rows, book = self.rows(since_s)
        steps = int(since_s / step_s + 1e-9)
        at = [int((row[0] - (book["now"] - steps * step_s)) // step_s) for row in rows]
        return np.bincount([each for each in at if each >= 0], minlength=steps).astype(np.int64)

class Both(Ledger, Tally):
    def kept(self, since_s):
        raise BackendError("results expire at once (result_ttl)")

def kind(name, settings, opens):
    return SourceKind(name=name, summary=name, settings=settings, open=opens, knows={})
LEDGER, TALLY = kind("ledger", LedgerSettings, Ledger), kind("tally", TallySettings, Tally)
BLIND, BOTH = kind("blind", BlindSettings, Blind), kind("both", BothSettings, Both)
"""
ENTRY_POINTS = "[autoscaling_operate.sources]\n" + "".join(
    f"{name} = theirledgers:{name.upper()}\n" for name in ("ledger", "tally", "blind", "both")
)
CONFIG = """
source: {{kind: {kind}, file: book.json}}
target: {{kind: processes, command: [sleep, "1"]}}
objective: {{finish_within: 30s}}
bounds: {{max: 10}}
interval: {interval}
"""


@contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """Have the package in this process."""
    place = str(distribution(folder, "theirledgers", {"theirledgers.py": KINDS}, ENTRY_POINTS))
    sys.path.insert(0, place)
    _forget()
    try:
        yield Path(place)
    finally:
        sys.path.remove(place)
        sys.modules.pop("theirledgers", None)
        _forget()


def write_book(
    tasks: Sequence[tuple[float, float | None, str]],
    *,
    now_s: float,
    remarks: Sequence[str] = (),
    file: Path = Path("book.json"),
) -> Path:
    """Write (came, work, name) of tasks as such a queue keeps them."""
    file.write_text(json.dumps({"tasks": list(tasks), "now": now_s, "remarks": list(remarks)}))
    return file


def write_config(kind: str, file: Path = Path("operate.yml"), *, interval: str = "8s") -> Path:
    """Write a controller's configuration of such a queue."""
    file.write_text(CONFIG.format(kind=kind, interval=interval))
    return file


def _forget() -> None:
    importlib.invalidate_caches()
    source_kinds.cache_clear()
    operate_model.cache_clear()
