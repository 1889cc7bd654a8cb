from __future__ import annotations

from typing import Any

from live.platforms.kubernetes.client import MANAGER
from live.platforms.kubernetes.wanted import Wanted


def an_object(version: int, manager: str) -> dict[str, Any]:
    owner = {"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    return {"metadata": {"resourceVersion": str(version), "managedFields": [owner]}}


def an_answer(version: int, count: int) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version)}, "spec": {"replicas": count}}


def test_a_change_by_somebody_else_is_told_once() -> None:
    wanted = Wanted(3)
    wanted.told(an_object(1, "kubectl"), 5)
    assert wanted.take_changed_by() == "kubectl changed the workers from 3 to 5"
    assert (wanted.take_changed_by(), wanted.count) == ("", 5)


def test_the_first_number_is_no_change_where_nobody_knew() -> None:
    wanted = Wanted()
    wanted.told(an_object(1, "kubectl"), 5)
    assert (wanted.take_changed_by(), wanted.count) == ("", 5)


def test_our_own_change_is_nobody_elses_also_where_the_watch_comes_before_the_answer() -> None:
    wanted = Wanted(3)
    wanted.sending(6)
    wanted.told(an_object(2, "somebody"), 6)
    assert wanted.asked(an_answer(2, 6)) == 6
    wanted.told(an_object(3, MANAGER), 7)
    assert wanted.take_changed_by() == ""


def test_what_was_sent_excuses_one_change_only() -> None:
    wanted = Wanted(3)
    wanted.sending(6)
    wanted.told(an_object(1, "somebody"), 6)
    wanted.told(an_object(2, "somebody"), 3)
    wanted.told(an_object(3, "somebody"), 6)
    assert wanted.take_changed_by().count("changed the workers") == 2


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    wanted = Wanted(3)
    wanted.asked(an_answer(9, 4))
    wanted.told(an_object(8, "kubectl"), 2)
    assert (wanted.take_changed_by(), wanted.count) == ("", 4)
