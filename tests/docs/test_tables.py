"""README shows the full table of ``docs/results.md``; measured anew, it must change in both."""

from __future__ import annotations

from itertools import takewhile

from tests.places import ROOT


def rows(page: str, first: str) -> list[str]:
    """Return the table rows of a page that begin with the scenario ``first``, and those below them."""
    lines = (ROOT / page).read_text("utf-8").splitlines()
    starts = [place for place, line in enumerate(lines) if line.startswith(f"| {first} |")]
    return [row for start in starts for row in takewhile(lambda line: line.startswith("|"), lines[start:])]


def test_readme_has_the_tables_of_the_results() -> None:
    shown = rows("README.md", "reference")
    assert len(shown) == 2 * 9
    assert shown == rows("docs/results.md", "reference")[: len(shown)]
