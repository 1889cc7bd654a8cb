from __future__ import annotations

from experiments.operations.past import OncePerPeriod


def test_a_past_is_read_once_a_period() -> None:
    now_s, read = [100.0], []
    known = OncePerPeriod(lambda: read.append(now_s[0]), lambda: now_s[0], 60.0)
    for now_s[0] in (100.0, 101.0, 119.9, 120.0, 150.0, 240.0):
        assert known() is None
    assert read == [100.0, 120.0, 240.0]
