"""A controller's ticks in the terminal: a row each, with what it would do first and why behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from cli.console import err, escape
from cli.terminal import Terminal

if TYPE_CHECKING:
    from operate.record import Record

HEADINGS = f"{'UTC':<8}  {'waiting':>7}  {'oldest':>6}  {'ready':>7}  {'decision':<16}  why"
#: Headings are repeated after so many rows.
ROWS = 30


class Console(Terminal):
    """Shows a controller's ticks. In a terminal a reason ends with the window, unless nothing could be read."""

    _ticks = 0

    def ticked(self, record: Record) -> None:
        """Print a row, and what else happened below it."""
        if self._quiet or record.kind != "tick":
            return
        if self._ticks % ROWS == 0:
            err.print(f"[bold]{HEADINGS}[/]", highlight=False, soft_wrap=True)
        self._ticks += 1
        facts, why = row(record)
        trouble = record.stale or record.objection
        line = Text.assemble(facts, "  ", (why, "" if trouble else "dim"))
        if err.is_terminal and not trouble:
            err.print(line, no_wrap=True, overflow="ellipsis", highlight=False)
        else:
            err.print(line, soft_wrap=True, highlight=False)
        for remark in record.remarks:
            err.print(f"          [yellow]{escape(remark)}[/]", highlight=False, soft_wrap=True)

    def serving(self, url: str) -> None:
        """Print where the page is."""
        if not self._quiet:
            err.print(f"page, metrics and health: {url}", highlight=False, soft_wrap=True)


def row(record: Record) -> tuple[str, str]:
    """Return a tick's numbers and decision in the columns of ``HEADINGS``, and why."""
    backlog, oldest_s = record.seen.get("backlog"), record.seen.get("oldest_s")
    waiting = "?" if backlog is None else f"{backlog:,.0f}"
    oldest = "?" if oldest_s is None else _span(oldest_s)
    ready = f"{record.ready}/{record.requested}"
    facts = f"{record.at[11:19]}  {waiting:>7}  {oldest:>6}  {ready:>7}  {decision(record):<16}"
    return facts, "; ".join(filter(None, [record.objection, *map(str, record.bends), record.because]))


def decision(record: Record) -> str:
    """Return what was done or would be: `7 -> 9`, `9 refused`, `would be 9`, `stays at 7`."""
    if record.refused:
        return f"{record.written} refused"
    if record.written is not None:
        return f"{record.requested} -> {record.written}"
    if record.wanted == record.requested:
        return f"stays at {record.requested}"
    return f"would be {record.wanted}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
