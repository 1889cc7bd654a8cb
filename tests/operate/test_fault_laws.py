"""The fault campaign's laws see what breaks them: each is given a campaign in which one thing is wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.operate_faults.audit import Count, Holder
from benchmarks.operate_faults.books import Books
from benchmarks.operate_faults.campaign import Campaign, Outcome
from benchmarks.operate_faults.faults import Fault, Kind
from benchmarks.operate_faults.gateway import Request
from benchmarks.operate_faults.laws import laws
from benchmarks.operate_faults.operators import Told
from benchmarks.operate_faults.signs import seen

SCALE = "/apis/apps/v1/namespaces/jobs/deployments/consumer/scale?fieldManager=openfaas-autoscaling"


def told(at_s: float, **changes: Any) -> Told:
    record = {
        "kind": "tick", "operator": "a-1", "term": 1, "acting": True, "stale": "", "failed": [], "remarks": [],
        "because": "", "changed_by": "", "written": None, "time_s": at_s, "tick_ms": 5.0, "policy_ms": 1.0,
        "skipped": 0,
    }  # fmt: skip
    return Told(at_s, record | changes)


@dataclass
class Journal:
    told: list[Told]


@dataclass
class Asked:
    requests: list[Request] = field(default_factory=list)


@dataclass
class Audited:
    counts: list[Count]
    holders: list[Holder]
    gaps: int = 0


def campaign() -> Any:
    """One leader that wrote once, then another one; all is well."""
    start = told(0.0, kind="start", term=None, acting=False)
    follows: dict[str, Any] = {"operator": "b-1", "term": None, "acting": False}
    a = [start, told(1.0), told(2.0, written=3)]
    b = [start, told(1.5, **follows), told(20.0, operator="b-1", term=2)]
    return Campaign(
        [Outcome(Fault(Kind.LEADER_KILLED), "a", 5.0, 22.0, 15.0, "leads from now on, in term 2")],
        {"a": Journal(a), "b": Journal(b), "shadow": Journal([start, told(1.0, term=None, acting=False)])},  # type: ignore[dict-item]
        {"a": Asked([Request(2.0, "PATCH", SCALE)]), "b": Asked(), "shadow": Asked([Request(1.0, "GET", SCALE)])},  # type: ignore[dict-item]
        Audited(
            [Count(0.0, 1, 2, 0, ""), Count(1.0, 2, 2, 1, ""), Count(2.1, 3, 3, 1, "")],
            [Holder(0.5, "a-1", 1), Holder(18, "b-1", 2)],
        ),  # type: ignore[arg-type]
        Books(10, 10, 0, 0),
        60.0,
    )


def broken(made: Any) -> set[str]:
    return {law.text for law in laws(made) if law.breaches}


def test_nothing_is_broken_where_all_is_well():
    assert broken(campaign()) == set()


@pytest.mark.parametrize(
    ("change", "law"),
    [
        (
            lambda made: made.gateways["shadow"].requests.append(Request(3.0, "PATCH", SCALE)),
            "in shadow writes nothing",
        ),
        (lambda made: made.operators["a"].told.append(told(21.0)), "no two lead"),
        (lambda made: made.operators["b"].told.append(told(3.0, operator="b-1")), "no two lead"),
        (lambda made: made.audit.holders.append(Holder(30.0, "a-2", 2)), "a new holder has a new term"),
        (lambda made: made.audit.counts.append(Count(30.0, 4, 5, 2, "")), "only the leader's writes get through"),
        (lambda made: made.audit.counts.append(Count(30.0, 4, 3, 0, "")), "only the leader's writes get through"),
        (lambda made: made.audit.counts.append(Count(30.0, 4, 9, 1, "kubectl")), "from 1 to 8 workers"),
        (lambda made: setattr(made.audit, "gaps", 1), "from 1 to 8 workers"),
        (
            lambda made: made.operators["a"].told.extend(
                [told(3.0, remarks=["x changed the workers from 3 to 5: hands off for 6 s"]), told(5.0, written=3)]
            ),
            "hands off after a person's change",
        ),
    ],
)
def test_whatever_is_wrong_breaks_its_law(change, law):
    made = campaign()
    change(made)
    assert any(law in text for text in broken(made))


@pytest.mark.parametrize(
    ("outcome", "law"),
    [
        ({"words": ""}, "every fault is in a journal"),
        ({"recovery_s": None}, "back to work"),
        ({"recovery_s": 21.0}, "takeover"),
    ],
)
def test_a_fault_that_is_not_seen_or_not_over_breaks_its_law(outcome, law):
    made = campaign()
    first = made.outcomes[0]
    values = {"words": first.words, "recovery_s": first.recovery_s} | outcome
    made.outcomes[0] = Outcome(first.fault, "a", 5.0, 22.0, values["recovery_s"], values["words"])
    assert any(law in text for text in broken(made))


@pytest.mark.parametrize("books", [Books(10, 9, 0, 1), Books(10, 9, 0, 0), Books(10, 10, 1, 0)])
def test_a_task_that_is_lost_or_done_twice_breaks_its_law(books):
    made = campaign()
    object.__setattr__(made, "books", books)
    assert "every task is finished once" in broken(made)


def test_a_fault_is_seen_by_its_own_words_in_the_right_journal():
    takes_over = told(1.0, remarks=["leads from now on, in term 2"])
    assert seen(Kind.LEADER_KILLED, [], [takes_over]) == "leads from now on, in term 2"
    assert not seen(Kind.LEADER_KILLED, [takes_over], [])
    assert not seen(Kind.POLICY_RAISES, [takes_over], [told(1.0, because="the policy took longer than 0.4 s")])
    assert seen(Kind.FOLLOWER_STOPPED, [told(1.0, skipped=4)], []) == "4 ticks skipped"
    assert not seen(Kind.FOLLOWER_STOPPED, [told(1.0, skipped=1)], [told(1.0, skipped=4)])
