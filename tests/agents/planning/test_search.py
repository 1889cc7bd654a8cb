"""A race of plans finds what playing all of them would find, and plays less."""

from __future__ import annotations

import numpy as np
import pytest

from agents.planning.plans import Plans
from agents.planning.search import Search
from autoscaling_env.twin import Imagined


class Valued:
    """A twin in which a plan's first count is what it is worth, with the luck of each future added for all alike."""

    def __init__(self, futures: int, scatter: float = 0.0) -> None:
        rng = np.random.default_rng(0)
        self.luck, self.scatter, self.rng = 10.0 * rng.standard_normal(futures), scatter, rng
        self.asked = 0

    def play(self, plans: Plans, begin: int, end: int) -> Imagined:
        reward = (
            plans[:, :1] + self.luck[begin:end] + self.scatter * self.rng.standard_normal((len(plans), end - begin))
        )
        self.asked += reward.size
        nothing = np.zeros(reward.shape, dtype=np.int64)
        return Imagined(reward, nothing, nothing.astype(np.float64), nothing)


def plans(*firsts: int) -> Plans:
    return np.array([[first, 0] for first in firsts], dtype=np.int64)


@pytest.mark.parametrize("futures", [1, 2, 3, 16])
def test_the_best_wins_however_lucky_a_future_is(futures: int) -> None:
    twin = Valued(futures)
    search = Search(twin.play, np.full(futures, 1 / futures))
    search.begin(plans(*range(40)))
    assert search.best.tolist() == [39, 0]
    assert search.plans[search.order][:3, 0].tolist() == [39, 38, 37]
    assert search.played == twin.asked


def test_most_plans_are_seen_in_a_few_futures_only() -> None:
    twin = Valued(16)
    search = Search(twin.play, np.full(16, 1 / 16))
    search.begin(plans(*range(40)))
    assert twin.asked == 40 * 4 + 11 * 12  # the best quarter, and to hold
    assert len(search.plans) == 11


def test_to_hold_and_what_was_followed_are_played_to_the_end() -> None:
    search = Search(Valued(16).play, np.full(16, 1 / 16))
    search.begin(plans(*range(40), 3), last=True)
    assert search.plans[[0, -1], 0].tolist() == [0, 3]


def test_what_was_followed_is_left_for_what_is_better_for_sure() -> None:
    for best, followed, inertia, expected in ((8, 5, 6.0, 5), (8, 5, 0.0, 8), (25, 5, 6.0, 25), (2, 5, 0.0, 5)):
        search = Search(Valued(16, scatter=3.0).play, np.full(16, 1 / 16))
        search.begin(plans(best, followed), last=True, inertia=inertia)
        assert search.best[0] == expected, (best, followed, inertia)


def test_futures_count_as_much_as_they_are_likely() -> None:
    """A plan that pays only in a future of one in a hundred loses, however many futures are like it."""
    weights = np.array([0.97, 0.01, 0.01, 0.01])

    def play(given: Plans, begin: int, end: int) -> Imagined:
        reward = np.where(given[:, :1] == 1, [[0.0, 9.0, 9.0, 9.0]], [[1.0, 0.0, 0.0, 0.0]])[:, begin:end]
        nothing = np.zeros(reward.shape, dtype=np.int64)
        return Imagined(reward, nothing, reward, nothing)

    search = Search(play, weights)
    search.begin(plans(0, 1))
    assert search.best[0] == 0


def test_more_plans_win_only_if_they_are_better_for_sure() -> None:
    search = Search(Valued(16, scatter=3.0).play, np.full(16, 1 / 16))
    search.begin(plans(5, 1))
    assert not search.add(plans(5, 5, 5, 5), caution=3.0)
    assert search.best.tolist() == [5, 0]
    assert search.add(plans(4, 15), caution=3.0)
    assert search.best.tolist() == [15, 0]
    assert len(search.imagined.reward) == len(search.plans) == 8


def test_worth_tells_every_first_count_beside_the_chosen() -> None:
    search = Search(Valued(16).play, np.full(16, 1 / 16))
    search.begin(plans(*range(40)))
    search.add(plans(41), caution=1.0)
    worth = search.worth()
    assert worth.keys() == {*range(40), 41}
    assert all(value == pytest.approx(first - 41) for first, value in worth.items())


def test_what_is_followed_is_worth_most_and_doubt_takes_from_the_others_only() -> None:
    search = Search(Valued(16, scatter=3.0).play, np.full(16, 1 / 16))
    search.begin(plans(5, 8, 1, 5), last=True, inertia=6.0)
    plain, doubted = search.worth(), search.worth(3.0)
    assert search.best.tolist() == [5, 0]
    assert plain[8] > 0
    assert doubted[5] == 0
    assert max(doubted.values()) == 0
    assert all(doubted[first] < plain[first] for first in (1, 8))


def test_where_futures_agree_there_is_no_doubt() -> None:
    search = Search(Valued(16).play, np.full(16, 1 / 16))
    search.begin(plans(*range(40)))
    assert search.worth(3.0) == pytest.approx(search.worth())
