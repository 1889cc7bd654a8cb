"""The benchmarks' own bookkeeping: a named one replaces its own rows and no others."""

from __future__ import annotations

from typing import Any

import pytest

from autoscaling_env.errors import InputError
from benchmarks.__main__ import main, replaced


def row(name: str, value: float, ratio_to: str | None = None) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "s", "ratio_to": ratio_to, "ratio": None}


def test_rows_measured_again_take_the_place_of_the_old_ones() -> None:
    old = [row("a", 1), row("b", 2), row("c", 3)]
    assert replaced(old, [row("b", 20)]) == [row("a", 1), row("b", 20), row("c", 3)]


def test_what_is_new_comes_last() -> None:
    assert replaced([row("a", 1)], [row("z", 9), row("a", 10)]) == [row("a", 10), row("z", 9)]


def test_one_thing_beside_two_others_is_two_rows() -> None:
    old = [row("a", 1, "SimPy"), row("a", 1, "heap")]
    assert replaced(old, [row("a", 2, "heap")]) == [row("a", 1, "SimPy"), row("a", 2, "heap")]


def test_an_unknown_benchmark_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match="kernel"):
        main(["kernle"])
