"""The order in which cells are handed out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from experiments.studies.cells import Cell
from experiments.studies.costs import Costs, Remaining
from experiments.studies.queueing import LONGEST_BACKOFF_S, Queue


def cell(number: int, needs: str = "") -> Cell:
    return Cell(
        kind="evaluate" if needs else "train",
        scenario="s",
        policy="p",
        seed=0,
        episodes=number,
        label="l",
        place="s",
        needs=needs,
        address=f"{number}",
    )


def cells(needing: Sequence[int | None]) -> list[Cell]:
    """Return cells of which each odd one may need an even one before it."""
    needs = ["" if i % 2 == 0 or each is None else f"{each % i // 2 * 2}" for i, each in enumerate(needing)]
    return [cell(i, each) for i, each in enumerate(needs)]


@given(
    needing=st.lists(st.none() | st.integers(0, 20), min_size=1, max_size=20),
    done=st.sets(st.integers(0, 19)),
    ends=st.lists(st.sampled_from(["finish", "fail", "again"]), max_size=200),
)
def test_every_cell_ends_and_none_before_what_it_needs(
    needing: list[int | None], done: set[int], ends: list[str]
) -> None:
    queue = Queue(cells(needing), {f"{each}" for each in done}, lambda each: each.episodes, attempts=3)
    before, told, now_s = set(queue.done), iter(ends), 0.0
    handed_out: list[str] = []
    while queue.left:
        now_s += LONGEST_BACKOFF_S
        one = queue.next(now_s)
        assert one is not None
        handed_out.append(one.address)
        assert not one.needs or one.needs in queue.done
        end = next(told, "finish")
        if end == "finish":
            queue.finish(one)
        elif end == "fail" or not queue.try_again(one, now_s):
            queue.fail(one)
    assert queue.next(now_s + 1e9) is None or queue.blocked
    assert not before & set(handed_out)
    assert all(handed_out.count(each) <= 3 for each in handed_out)
    assert len(queue.done) + len(queue.failed) + len(queue.blocked) == queue.total


def test_what_is_tried_again_waits_longer_each_time() -> None:
    queue = Queue([cell(1)], (), lambda each: 1.0, attempts=3)
    one = queue.next(0.0)
    assert one is not None
    assert queue.try_again(one, 0.0)
    assert queue.next(0.4) is None
    assert queue.next(0.6) is one
    assert queue.try_again(one, 1.0)
    assert queue.next(1.9) is None
    assert queue.next(2.1) is one
    assert not queue.try_again(one, 3.0)


def test_costs_are_those_of_the_most_alike() -> None:
    costs, wanted = Costs(), cell(10)
    guessed = costs.of(wanted)
    for seconds in (5.0, 10.0, 100.0):
        costs.add(cell(10), seconds)
    assert costs.of(wanted) != guessed
    assert costs.of(wanted) == 10.0
    assert costs.of(cell(20)) == 20.0
    left = Remaining([cell(10), cell(20)])
    assert left.cost_s(costs) == 30.0
    left.remove(cell(20))
    assert left.cost_s(costs) == 10.0
