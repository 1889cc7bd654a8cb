"""README shows tables of ``docs/results.md``; measured anew, they must change in both."""

from __future__ import annotations

import re

import pytest

from tests.places import ROOT


def table(page: str, name: str) -> list[str]:
    """Return the lines of a named table of a page."""
    text = (ROOT / page).read_text("utf-8")
    (found,) = re.findall(rf"<!-- table {name} -->\n(.*?)<!-- end -->", text, flags=re.DOTALL)
    return [line for line in found.splitlines() if line.startswith("|")]


@pytest.mark.parametrize("name", ["targets-cost", "targets-qos", "handicap"])
def test_readme_has_the_tables_of_the_results(name: str) -> None:
    shown = table("README.md", name)
    assert len(shown) == 2 + 10
    assert shown == table("docs/results.md", name)
