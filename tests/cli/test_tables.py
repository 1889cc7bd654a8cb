"""Tables in terminals of any width: nothing is lost, and no number is broken in two."""

from __future__ import annotations

import pytest
from rich.console import Console

from cli.tables import fitting

COLUMNS = ["Agent", "Total reward", "QoS [%]", "Worker-seconds", "Difference [95 % interval]", "Verdict"]
ROWS = [
    ["reactiveaverage", "-515.23 ± 40.37", "43.76 ± 2.18", "2,506 ± 62", "-673.56 [-700.27, -652.34]", "worse"],
    ["[bold]sarsa[/]", "156.38 ± 7.32", "99.47 ± 0.94", "3,514 ± 12", "-1.95 [-7.04, -0.29]", "no difference shown"],
]
NUMBERS = ["-515.23", "40.37", "43.76", "2,506", "-673.56", "[-700.27,", "-652.34]", "99.47", "[-7.04,", "-0.29]"]


def shown(width: int) -> str:
    console = Console(width=width, no_color=True)
    with console.capture() as caught:
        console.print(fitting(console, "a [title]", COLUMNS, ROWS, caption="mean ± standard deviation"))
    return caught.get()


@pytest.mark.parametrize("width", range(40, 140, 3))
def test_no_number_is_broken(width: int) -> None:
    text = shown(width)
    assert all(heading in text for heading in ("Worker-seconds", "Difference", "interval]", "Verdict"))
    assert all(number in text for number in NUMBERS)
    assert all(len(line) <= width for line in text.splitlines())
    assert "a [title]" in text
    assert "[bold]sarsa[/]" in text


def test_there_is_a_line_for_each_row_where_there_is_room_and_a_list_where_there_is_none() -> None:
    assert sum("±" in line for line in shown(200).splitlines()) == 3  # two agents and the caption
    assert any(line.strip().startswith("± 40.37") for line in shown(100).splitlines())
    assert "  Total reward" in shown(40)
