"""``make test`` leaves no test out."""

from __future__ import annotations

import re
from pathlib import Path

from tests.places import ROOT

REAL_TIME = re.compile(r"mark\.(live|cluster)\b")


def test_the_makefile_lists_every_place_with_tests_in_real_time() -> None:
    (listed,) = re.findall(r"^LIVE_TESTS := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if file != Path(__file__) and REAL_TIME.search(file.read_text("utf-8")):
            place = file.relative_to(ROOT)
            assert any(place.is_relative_to(path) for path in listed.split()), f"add {place} to LIVE_TESTS"
