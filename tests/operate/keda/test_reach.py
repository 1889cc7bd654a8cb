"""Every count is reached exactly: by the golden HPA, from every other, with the behavior that is exported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import pytest

from agents.autoscalers.keda.rule import KedaRule, KedaSettings
from operate.keda.reach import TOLERANCE, Reach, value_for
from tests.operate.keda.asking import hpa, quantity
from tests.places import ROOT

MOST = 100
COUNTS = range(MOST + 1)
SYNC_S = 15.0
#: What a way is tried with: the tolerance that its HPA has.
WAYS = {Reach.DETOUR: TOLERANCE, Reach.TOLERANCE: 0.0}


@dataclass
class Scaled:
    """A ScaledObject in force: KEDA goes between none and some, its HPA does the rest."""

    replicas: int
    reach: Reach | None
    tolerance: float
    most: int = MOST
    lag: int = 0
    view_lag: int = 0

    def __post_init__(self):
        self._hpa = hpa(0, self.most, self.tolerance)
        self._keda = KedaRule(KedaSettings(cooldown_period_s=0.0), created_s=-1.0)
        self._now_s = 0.0
        self.path: list[int] = [self.replicas] * (max(self.lag, self.view_lag) + 1)

    def syncs(self, wanted: int, count: int) -> list[int]:
        """The replicas before and after each sync, with an answer of KEDA's executor before it."""
        self.path = self.path[-1 - max(self.lag, self.view_lag) :]
        for _ in range(count):
            self.replicas = self._keda.poll(self._now_s, self.replicas, wanted > 0)
            status = self.replicas if not self.lag else self.path[-1 - self.lag]
            seen = status if not self.view_lag else self.path[-1 - self.view_lag]
            value = float(wanted) if self.reach is None else value_for(wanted, seen, 1, self.most, self.reach)
            self.replicas = self._hpa.sync(self._now_s, self.replicas, status, quantity(value))
            self.path.append(self.replicas)
            self._now_s += SYNC_S
        return self.path


def settled(path, wanted):
    """After so many syncs it is there and stays; None: it never is."""
    if path[-1] != wanted:
        return None
    return next((at for at in range(len(path)) if all(each == wanted for each in path[at:])), None)


@cache
def all_pairs(reach, tolerance):
    return {
        (before, wanted): Scaled(before, reach, tolerance).syncs(wanted, 4) for before in COUNTS for wanted in COUNTS
    }


def row(name, pairs):
    """What the documentation says of a way."""
    took = [settled(path, wanted) for (_, wanted), path in pairs.items()]
    reached = [syncs for syncs in took if syncs is not None]
    one, two = reached.count(1), reached.count(2)
    above = max(max(path) - max(pair) for pair, path in pairs.items())
    below = sum(min(path) < min(pair) for pair, path in pairs.items())
    return f"| {name} | {len(reached):,} | {one:,} | {two:,} | {len(took) - len(reached):,} | {above} | {below} |"


def test_the_documentation_says_what_was_proven():
    page = (ROOT / "docs/operate-keda.md").read_text("utf-8")
    assert row("the count itself", all_pairs(None, TOLERANCE)) in page
    assert row("`detour`", all_pairs(Reach.DETOUR, TOLERANCE)) in page
    assert row("`tolerance`", all_pairs(Reach.TOLERANCE, 0.0)) in page


@pytest.mark.parametrize(("reach", "longest"), [(Reach.DETOUR, 2), (Reach.TOLERANCE, 1)])
def test_every_count_is_reached_from_every_other(reach, longest):
    took = {pair: settled(path, pair[1]) for pair, path in all_pairs(reach, WAYS[reach]).items()}
    assert [pair for pair, syncs in took.items() if syncs is None] == []
    assert max(took.values()) == longest


def test_a_count_told_as_it_is_never_comes_true_in_one_of_twelve_cases():
    never = [pair for pair, path in all_pairs(None, TOLERANCE).items() if settled(path, pair[1]) is None]
    assert len(never) == 874
    assert all(abs(wanted / before - 1) < TOLERANCE + 1e-9 for before, wanted in never)


def test_a_detour_goes_a_tenth_above_at_most_and_below_only_at_the_upper_bound():
    below = {}
    for (before, wanted), path in all_pairs(Reach.DETOUR, TOLERANCE).items():
        greater, smaller = max(before, wanted), min(before, wanted)
        assert max(path) <= int(greater * 1.1) + 1
        if min(path) < smaller:
            below[before, wanted] = smaller - min(path)
    assert len(below) == 118
    assert min(min(pair) for pair in below) >= 83
    assert max(below.values()) <= 11


def test_with_room_above_a_detour_never_goes_below():
    for before in range(1, MOST + 1):
        for wanted in range(1, MOST + 1):
            path = Scaled(before, Reach.DETOUR, TOLERANCE, most=112).syncs(wanted, 3)
            assert settled(path, wanted) is not None
            assert min(path) >= min(before, wanted)


@pytest.mark.parametrize("late", ["lag", "view_lag"])
@pytest.mark.parametrize("reach", WAYS)
def test_a_status_or_a_view_of_it_that_lags_behind_delays_and_misleads_nobody(reach, late):
    for before in range(1, MOST + 1):
        for wanted in {*range(max(1, before - 12), min(MOST, before + 12) + 1), 1, MOST}:
            path = Scaled(before, reach, WAYS[reach], **{late: 1}).syncs(wanted, 8)
            assert settled(path, wanted) is not None, (before, wanted, path)
            assert path[-2:] == [wanted, wanted]


def test_no_value_lies_at_the_edge_where_releases_of_kubernetes_round_differently():
    for replicas in range(1, MOST + 1):
        for wanted in range(1, MOST + 1):
            value = value_for(wanted, replicas, 1, MOST, Reach.DETOUR)
            cut_off, rounded = quantity(value), float(f"{value:.3f}")  # KEDA did the one, and does the other since 2.21
            assert math.ceil(cut_off) == math.ceil(rounded) == math.ceil(value)
            for told in (cut_off, rounded):
                assert abs(told / replicas - 1) > TOLERANCE + 1e-7 or told == replicas == wanted


def test_bounds_above_one_are_kept_and_reached():
    for before in range(19, 25):
        for wanted in range(19, 25):
            rule, replicas, path = hpa(19, 24), before, [before]
            for sync in range(4):
                value = value_for(wanted, replicas, 19, 24, Reach.DETOUR)
                replicas = rule.sync(sync * SYNC_S, replicas, replicas, quantity(value))
                path.append(replicas)
            if 19 < wanted < 24 and wanted != before:
                assert path[-1] in {wanted, before}  # six counts leave no room for every detour
            else:
                assert path[-1] == wanted
            assert all(19 <= each <= 24 for each in path)


#: Ups, downs, single steps from 11 to 40, to none and back.
SEQUENCE = (
    *(0, 1, 2, 5, 11, 12, 13, 12, 11, 15, 16, 17, 18, 17, 19, 20, 21, 20, 19, 20),
    *(40, 39, 38, 39, 40, 33, 34, 33, 0, 30, 31, 30, 29, 28, 0, 100, 99, 98, 97, 60),
    *(61, 59, 60, 25, 26, 27, 26, 25, 24, 0, 10, 9, 10, 11, 10, 22, 24, 23, 1, 0),
)


@pytest.mark.parametrize(("reach", "syncs"), [(Reach.DETOUR, 94), (Reach.TOLERANCE, 60)])
def test_a_sequence_of_sixty_counts_comes_true_one_after_the_other(reach, syncs):
    scaled, took = Scaled(3, reach, WAYS[reach]), 0
    for wanted in SEQUENCE:
        path = scaled.syncs(wanted, 4)
        found = settled(path, wanted)
        assert found is not None, (wanted, path)
        took += found
    assert len(SEQUENCE) == 60
    assert took == syncs
