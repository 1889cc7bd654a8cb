"""What a live episode leaves behind beyond steps and tasks, and what a person sees while it runs."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Any, Self

import pandas as pd
from rich.live import Live

from analysis.tables import Row, step_row
from autoscaling_env.backend import Backend
from autoscaling_env.types import Observation
from cli.console import err
from cli.tables import table

#: Steps that stay in sight.
SHOWN = 15


class LiveRecords:
    """Collects the extra records of live episodes (``live.records.FILES``); of simulated ones nothing."""

    def __init__(self) -> None:
        self._parts: dict[str, list[pd.DataFrame]] = {}

    def add(self, backend: Backend, agent: str, episode: int) -> None:
        """Keep the records of the episode that just ended, if its farm is a live one."""
        if not hasattr(backend, "history"):  # a simulated farm loses nothing, and keeps no history
            return
        from live.backend import LiveBackend
        from live.records import frames

        if isinstance(backend, LiveBackend):
            for name, frame in frames(backend, agent, episode).items():
                self._parts.setdefault(name, []).append(frame)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return file name -> all rows."""
        return {name: pd.concat(parts, ignore_index=True) for name, parts in self._parts.items()}


class LiveTable:
    """A table in the terminal that grows by a row a step; silent where nobody watches."""

    def __init__(self, *, quiet: bool) -> None:
        self._rows: deque[Row] = deque(maxlen=SHOWN)
        self._now = ("", -1)
        self._live = None if quiet or not err.is_terminal else Live(console=err, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def add(self, agent: str, episode: int, observation: Observation, reward: float, info: dict[str, Any]) -> None:
        """Show one more step."""
        if self._live is None:
            return
        if (agent, episode) != self._now:
            self._rows.clear()
            self._now = (agent, episode)
        row = step_row(observation, reward, info)
        row["Ready"] = f"{info['workers_ready']}+{info['workers_starting']}"
        row["Note"] = " ".join(
            filter(None, [info["scale_reason"].replace("ok", ""), info["scale_detail"], *info["stale"]])
        )
        self._rows.append(row)
        rows = [list(shown.values()) for shown in self._rows]
        self._live.update(table(f"{agent}, episode {episode + 1}", list(row), rows, room=err.width), refresh=True)
