from __future__ import annotations

from experiments.operations.picture import operated_picture
from tests.operate.page.records import records


def test_stages_are_drawn_over_each_other(tmp_path):
    told = [record for record in records(60) if record.kind == "tick"]
    picture = operated_picture({"before": told[:30], "after": told[30:]}, tmp_path / "both.png", 60.0)
    assert picture.read_bytes().startswith(b"\x89PNG")
