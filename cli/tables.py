"""Tables in the terminal, as wide as there is room: no number is ever broken in two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

from cli.console import escape

Rows = Sequence[Sequence[object]]


def fitting(
    console: Console, title: str, columns: Sequence[str], rows: Rows, *, caption: str | None = None
) -> RenderableType:
    """Return the rows as one table; where that is too wide with spreads below their means; else one list per row."""
    cells = [[str(cell) for cell in row] for row in rows]
    stacked = [[cell.replace(" ± ", "\n± ").replace(" [", "\n[") for cell in row] for row in cells]
    for version in (cells, stacked):
        if sum(_narrowest_of_all(columns, version)) + _frame(columns) <= console.width:
            return table(title, columns, version, room=console.width, caption=caption)
    return _lists(title, columns, cells, caption)


def table(title: str, columns: Sequence[str], rows: Rows, *, room: int, caption: str | None = None) -> Table:
    """Return a table at most ``room`` wide, if that can be; numbers are right-aligned, headings may wrap."""
    cells = [[str(cell) for cell in row] for row in rows]
    shown = Table(title=escape(title), caption=caption, title_justify="left", caption_justify="left")
    shown.box, shown.padding, shown.pad_edge = box.SIMPLE_HEAD, (0, 1), False
    for index, (column, width) in enumerate(zip(columns, _widths(columns, cells, room), strict=True)):
        numeric = index > 0 and _numeric([row[index] for row in cells])
        justify: Literal["left", "right"] = "right" if numeric else "left"
        shown.add_column(escape(column), justify=justify, no_wrap=index == 0, overflow="fold", width=width)
    for row in cells:
        shown.add_row(*map(escape, row))
    return shown


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Every column what it needs, and from the left as much of the rest as it can use."""
    widths = _narrowest_of_all(columns, rows)
    spare = room - _frame(columns) - sum(widths)
    for index, column in enumerate(columns):
        lines = [line for row in rows for line in row[index].split("\n")]
        more = min(max(spare, 0), max(map(len, [column, *lines])) - widths[index])
        widths[index] += more
        spare -= more
    return widths


def _frame(columns: Sequence[str]) -> int:
    """Three characters between columns, one at each side."""
    return 3 * len(columns) - 1


def _narrowest_of_all(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    return [_narrowest(column, [row[index] for row in rows], whole=index == 0) for index, column in enumerate(columns)]


def _narrowest(column: str, values: Sequence[str], *, whole: bool) -> int:
    """Return the longest line of a number or name, the longest word of a heading or text."""
    whole = whole or _numeric(values)
    parts = [part for value in values for part in (value.split("\n") if whole else value.split())]
    return max(map(len, [*column.split(), *parts]), default=0)


def _numeric(values: Sequence[str]) -> bool:
    return any(value[:1].isdigit() or value[:2].strip("+-")[:1].isdigit() for value in values)


def _lists(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str | None) -> Table:
    shown = Table(title=escape(title), caption=caption, title_justify="left", caption_justify="left")
    shown.box, shown.show_header, shown.pad_edge, shown.padding = None, False, False, (0, 1)
    shown.add_column(no_wrap=True)
    shown.add_column(overflow="fold")
    for row in rows:
        shown.add_row(f"[bold]{escape(row[0])}[/]")
        for column, value in zip(columns[1:], row[1:], strict=True):
            shown.add_row(f"  {escape(column)}", escape(value))
    return shown
