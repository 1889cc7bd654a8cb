"""As much of PromQL as it takes, and from a counter to arrivals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operate.sources.prometheus.past import arrivals
from operate.sources.prometheus.promql import is_plain, selectors


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("up", ("up",)),
        (' up { job = "a}b" } ', ('up{ job = "a}b" }',)),
        ("sum(up)", ("up",)),
        ("sum by (job, x) (up) + sum(down) without (y)", ("up", "down")),
        ("rate(a_total[5m]) / on(job) group_left(x) rate(b_total[5m:1m] offset 1h)", ("a_total", "b_total")),
        ("time() - max(x:y offset 5m) > bool 1e3", ("x:y",)),
        ('{__name__="a", q=~\'b"\'} or vector(0)', ('{__name__="a", q=~\'b"\'}',)),
        ("sum(a) or sum(a) or a{b=`c`} # or d", ("a", "a{b=`c`}")),
        ("histogram_quantile(0.9, sum by (le) (rate(h_bucket[1m])))", ("h_bucket",)),
        ("a and b unless c == Inf", ("a", "b", "c")),
        ('label_replace(a, "x", "$1", "y", "(.*)")', ("a",)),
        ("topk(1, a @ end())", ("a",)),
        ("vector(1)", ()),
        ("", ()),
    ],
)
def test_the_series_of_a_query(query: str, found: tuple[str, ...]) -> None:
    assert selectors(query) == found


@pytest.mark.parametrize(
    ("query", "plain"),
    [("up", True), (' up{a="b"} ', True), ("up [5m]", False), ("sum(up)", False), ("up + 1", False), ("inf", False)],
)
def test_one_selector_is_plain(query: str, plain: bool) -> None:
    assert is_plain(query) == plain


@given(st.text(max_size=60))
def test_whatever_is_written_is_read_to_its_end(query: str) -> None:
    selectors(query)


NAN = np.nan


@pytest.mark.parametrize(
    ("counter", "whole", "came"),
    [
        ([0, 1, 1, 4], True, [1, 0, 3]),
        ([NAN, NAN, 7, 9], True, [2]),
        ([0, NAN, NAN, 9], True, [3, 3, 3]),
        ([5, 8, 2, 3], True, [3, 2, 1]),
        ([500, 503, 400, 401], True, [3, 400, 1]),
        ([500, 503, 400, 401], False, [3, 3, 1]),
        ([500, 400], False, [400]),
        ([NAN, 3], True, []),
        ([], True, []),
    ],
)
def test_arrivals_of_a_counter(counter: list[float], whole: bool, came: list[int]) -> None:
    assert arrivals(np.array(counter, dtype=np.float64), whole=whole).tolist() == came


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40), st.data())
def test_gaps_lose_no_task(came: list[int], data: st.DataObject) -> None:
    counter = np.concatenate([[0.0], np.cumsum(came, dtype=np.float64)])
    gaps = data.draw(st.lists(st.integers(1, len(came)), max_size=10))
    inner = [gap for gap in gaps if gap < len(came)]
    counter[inner] = np.nan
    seen = arrivals(counter, whole=True)
    assert seen.sum() == sum(came)
    assert len(seen) == len(came)
    assert (seen >= 0).all()
