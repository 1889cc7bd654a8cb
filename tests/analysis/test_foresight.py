"""What the page carries of explained decisions: the right numbers, and not too many of them."""

import json

import pytest

from analysis.report import foresight as module
from analysis.report.decisions import Decision, parse_decisions
from analysis.report.foresight import Allowance, explaining, foresight
from tests.analysis.data import decision


def decided(*steps: int, horizon: int = 16) -> list[Decision]:
    lines = "\n".join(decision(step, horizon=horizon) for step in steps)
    return list(parse_decisions(lines)["static-8", 0])


def test_a_decision_is_told_as_far_as_the_episode_went() -> None:
    first, last = foresight(decided(1, 4), [11.0] * 4, 1)["told"]
    assert first["step"] == 1
    assert first["fan"] == [[10.2 + level + later for later in range(4)] for level in range(5)]
    assert [plan[0] for plan in first["plans"]] == [[8, 1, 9, 3], [9, 4], [10, 1, 9, 3]]
    assert first["plans"][0][1:] == [86.4321, 0.07, 1336]
    assert last["fan"] == [[10.2], [11.2], [12.2], [13.2], [14.2]]
    assert last["plans"][0][0] == [8, 1]


def test_the_bands_tell_what_was_foreseen_of_each_step_and_how_often_it_came_so() -> None:
    came = [12, 13.0, 0, 17, 99, 16]
    found = foresight(decided(1, 2, 3, 4, 6), came, 0)
    assert found["came"] == [12, 13, 0, 17, 99, 16]
    assert found["told"] == []
    assert found["decisions"] == 5
    assert list(found["ahead"]) == ["1", "4"]  # nobody looked eight steps ahead within six
    one, four = found["ahead"].values()
    assert one["bands"][0] == [10.2, 10.2, 10.2, 10.2, None, 10.2]  # step 5 had no decision
    assert one["within"] == [0.4, 0.4]  # 12 and 13 in both bands; 0, 17 and 16 in neither
    assert four["bands"][4] == [None, None, None, 17.2, 17.2, 17.2]
    assert four["within"] == [0.667, 0.333]  # 17 in the wide band only, 16 in both


def test_who_does_not_look_far_has_no_band_for_it() -> None:
    assert list(foresight(decided(1, 2, 3, horizon=1), [1.0] * 3, 1)["ahead"]) == ["1"]


def test_decisions_beyond_the_episode_are_left_out() -> None:
    found = foresight(decided(1, 2, 3), [1.0, 1.0], 1)
    assert [each["step"] for each in found["told"]] == [1, 2]


def test_a_long_episode_is_told_in_part() -> None:
    allowance = Allowance(1)
    assert [allowance.every(count) for count in (120, 400, 401, 60_000)] == [1, 1, 2, 150]
    assert Allowance(1).every(0) == 0


def test_the_first_episodes_of_every_agent_are_told_and_the_page_has_a_bound() -> None:
    allowance = Allowance(20)  # 200 each
    assert [allowance.every(count) for count in (120, 120, 80, 1)] == [1, 0, 1, 0]
    assert Allowance(10_000).every(120) == 0
    told = foresight(decided(1), [11.0] * 16, 1)["told"][0]
    assert module.MOST_TOLD * len(json.dumps(told, separators=(",", ":"))) < 2.5e6


@pytest.mark.parametrize(("scenarios", "count"), [((), 0), (("static-8",), 1), (("static-8", "b"), 2)])
def test_agents_that_explain_themselves_are_counted_in_each_scenario(scenarios: tuple[str, ...], count: int) -> None:
    lines = [f"{decision(1, agent=name)}\n{decision(1, agent=name, episode=1)}" for name in scenarios]
    assert explaining([parse_decisions(text) for text in lines]) == count
