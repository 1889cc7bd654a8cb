"""The benchmarks' own bookkeeping: a named one replaces its own rows and no others; what is compared takes turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.errors import InputError
from benchmarks import bench_cuda
from benchmarks.__main__ import main, replaced
from benchmarks.timing import Work, fastest, in_turns
from benchmarks.timing import row as measurement


def row(name: str, value: float, ratio_to: str | None = None) -> dict[str, Any]:
    return measurement(name, value, "s", ratio_to)


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


def test_what_a_card_did_is_kept_under_its_name(tmp_path: Path) -> None:
    place = tmp_path / "cuda.json"
    bench_cuda.keep("one", [row("a", 1)], place)
    bench_cuda.keep("two", [row("a", 2)], place)
    bench_cuda.keep("one", [row("a", 3)], place)
    assert json.loads(place.read_text()) == {"one": [row("a", 3)], "two": [row("a", 2)]}


class Stopwatch:
    """A clock that only work moves, and what has run by it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.ran: list[str] = []

    def __call__(self) -> float:
        return self.now_s

    def work(self, name: str, things: int, *seconds: float) -> Work:
        """Return what does ``things`` in so many seconds, another number at each turn."""
        turns = iter(seconds)

        def do() -> int:
            self.ran.append(name)
            self.now_s += next(turns)
            return things

        return do


def test_works_take_turns_and_the_first_turn_does_not_count() -> None:
    clock = Stopwatch()
    works = {"a": clock.work("a", 2, 100, 4, 6), "b": clock.work("b", 1, 100, 1, 3)}
    assert in_turns(works, 2, clock) == {"a": [2, 3], "b": [1, 3]}
    assert clock.ran == ["a", "b"] * 3


def test_the_fastest_turn_is_told_as_things_a_second() -> None:
    clock = Stopwatch()
    assert fastest({"a": clock.work("a", 10, 100, 5, 2, 4)}, 3, clock) == {"a": 5}
