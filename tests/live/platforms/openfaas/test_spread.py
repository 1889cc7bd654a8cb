"""Which function grows and which shrinks: laws, and the order of removal."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from live.platform import WorkerRecord
from live.platforms.openfaas.spread import Staff, filled, staff, thinned

counts = st.dictionaries(st.sampled_from("abcdefghijklm"), st.integers(0, 5), max_size=13)
records = st.lists(st.tuples(st.booleans(), st.floats(-5, 30)), max_size=6)
staffed = st.lists(st.tuples(st.integers(1, 5), records), max_size=13)


def idle(count: int) -> tuple[WorkerRecord, ...]:
    return tuple(WorkerRecord(f"idle-{each}", 0.1) for each in range(count))


def busy(*free_in_s: float) -> tuple[WorkerRecord, ...]:
    return tuple(WorkerRecord(f"busy-{at}", 0.1, at, each) for at, each in enumerate(free_in_s))


@given(counts, st.integers(0, 80))
def test_growth_is_exact_up_to_the_limit_and_even(sizes: dict[str, int], more: int) -> None:
    grown = sizes | filled(sizes, more, 5)
    assert sum(grown.values()) == min(sum(sizes.values()) + more, 5 * len(sizes))
    assert all(sizes[name] <= grown[name] <= 5 for name in sizes)
    touched = [grown[name] for name in filled(sizes, more, 5)]
    assert not touched or max(touched) - min(grown.values()) <= 1


@given(staffed, st.integers(0, 80))
def test_shrinking_is_exact_down_to_nothing(crews: list[tuple[int, list[tuple[bool, float]]]], fewer: int) -> None:
    staffs = []
    for number, (replicas, theirs) in enumerate(crews):
        workers = tuple(
            WorkerRecord(f"w{at}", 0.1, at if held else None, free) for at, (held, free) in enumerate(theirs)
        )
        staffs.append(staff(f"f{number}", number, replicas, workers))
    sizes = {each.name: each.replicas for each in staffs}
    left = sizes | thinned(staffs, fewer)
    assert sum(left.values()) == max(0, sum(sizes.values()) - fewer)
    assert all(0 <= left[name] <= sizes[name] for name in sizes)
    starting = sum(each.replicas - len(each.workers) for each in staffs)
    if fewer <= starting:
        assert all(sizes[each.name] - left[each.name] <= each.replicas - len(each.workers) for each in staffs)


def test_functions_of_one_worker_go_in_the_contracts_order() -> None:
    """Starting ones (newest first), idle ones, then those free soonest."""
    staffs = [
        Staff("long", 1, 1, busy(9.0)), Staff("soon", 2, 1, busy(1.0)), Staff("idle", 3, 1, idle(1)),
        Staff("old", 4, 1, ()), Staff("new", 5, 1, ()),
    ]  # fmt: skip
    order = []
    for fewer in range(1, 6):
        order += [name for name in thinned(staffs, fewer) if name not in order]
    assert order == ["new", "old", "idle", "soon", "long"]


def test_a_function_of_idle_workers_shrinks_before_one_where_a_busy_one_may_be_hit() -> None:
    mixed, calm = Staff("mixed", 1, 2, (*busy(3.0), *idle(1))), Staff("calm", 2, 2, idle(2))
    assert thinned([mixed, calm], 1) == {"calm": 1}
    assert thinned([mixed, calm], 3) == {"calm": 0, "mixed": 1}


def test_exactness_returns_first() -> None:
    """Of two functions of idle workers the one with more replicas shrinks."""
    assert thinned([Staff("one", 2, 1, idle(1)), Staff("two", 1, 2, idle(2))], 1) == {"two": 1}


def test_a_dead_replica_beside_its_successor_is_one_worker() -> None:
    assert staff("f", 1, 1, (*idle(1), *busy(2.0))).workers == busy(2.0)
