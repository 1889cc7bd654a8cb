"""What must hold whatever breaks, looked at afterwards in records that no controller wrote."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from benchmarks.operate_faults.breaking import LEADERS, LEAST, MOST
from benchmarks.operate_faults.campaign import Campaign
from benchmarks.operate_faults.operators import Operator
from benchmarks.operate_faults.setting import HANDS_OFF_S

#: A takeover is done within this.
TAKEOVER_S = 20.0
#: The watch of the audit tells of a write so long after it was asked for, at most.
LATE_S = 3.0
ACTING = ("a", "b")


@dataclass(frozen=True, slots=True)
class Law:
    """What must hold.

    Attributes:
        text: it.
        found: what was looked at, in numbers.
        breaches: what was found against it.
    """

    text: str
    found: str
    breaches: tuple[str, ...] = ()


def laws(campaign: Campaign) -> list[Law]:
    """Return all of them with what was found."""
    return [
        _no_task_lost(campaign),
        _shadow_writes_nothing(campaign),
        _one_leader(campaign),
        _one_holder(campaign),
        _writes_are_the_leaders(campaign),
        _bounds(campaign),
        _hands_off(campaign),
        _seen(campaign),
        _recovered(campaign),
        _takeover(campaign),
    ]


def _no_task_lost(campaign: Campaign) -> Law:
    books = campaign.books
    found = f"{books.sent} tasks sent, {books.done} finished, {books.twice} twice, {books.left} left"
    return Law("every task is finished once", found, () if books.balance else ("the books do not balance", *books.held))


def _shadow_writes_nothing(campaign: Campaign) -> Law:
    names = [name for name in campaign.gateways if name not in ACTING]
    asked = [(name, each) for name in names for each in campaign.gateways[name].requests]
    breaches = [f"{name}: {each.method} {each.path}" for name, each in asked if each.writes]
    breaches += [
        f"{name}: its journal says that it wrote {told.record['written']}"
        for name in names
        for told in campaign.operators[name].told
        if told.record["written"] is not None
    ]
    return Law("who is in shadow writes nothing", f"{len(asked)} requests of {' and '.join(names)}", tuple(breaches))


def _one_leader(campaign: Campaign) -> Law:
    """By the journals: a term has one leader, and after a tick in a term nobody acts in an earlier one."""
    of_term: dict[int, set[str]] = defaultdict(set)
    acting = []
    for name in ACTING:
        for told in campaign.operators[name].told:
            if told.is_tick and told.record["term"] is not None:
                of_term[told.record["term"]].add(told.record["operator"])
                if told.record["acting"]:
                    acting.append((told.began_s, told.record["term"], name))
    breaches = [f"term {term} has {sorted(who)}" for term, who in of_term.items() if len(who) > 1]
    highest, by = 0, ""
    for began_s, term, name in sorted(acting):
        if term < highest:
            breaches.append(f"{name} acts in term {term} at {began_s:.2f}, after {by} in term {highest}")
        highest, by = max((highest, by), (term, name))
    return Law("no two lead", f"{len(acting)} acting ticks in {len(of_term)} terms", tuple(breaches))


def _one_holder(campaign: Campaign) -> Law:
    """By the Lease: the number of its term rises with every new holder, and never falls."""
    breaches, before = [], None
    for held in campaign.audit.holders:
        if before is not None and held.term < before.term:
            breaches.append(f"the Lease's term fell from {before.term} to {held.term}")
        if before is not None and held.name and held.name != before.name and held.term <= before.term:
            breaches.append(f"{held.name} holds term {held.term} after {before.name} in term {before.term}")
        if held.name:
            before = held
    found = f"{len(campaign.audit.holders)} versions of the Lease"
    return Law("a new holder has a new term", found, tuple(breaches) + _gaps(campaign))


def _writes_are_the_leaders(campaign: Campaign) -> Law:
    """By the Deployment: its term never falls, and each number that one of ours wrote was asked for by that leader."""
    of_term = {
        told.record["term"]: name for name in ACTING for told in campaign.operators[name].told if told.record["acting"]
    }
    breaches, writes = [], 0
    versions = sorted({each.version: each for each in campaign.audit.counts}.values(), key=lambda each: each.version)
    for before, now in pairwise(versions):
        if now.term < before.term:
            breaches.append(f"the term on the Deployment fell from {before.term} to {now.term}")
        if now.workers == before.workers or now.by:
            continue
        writes += 1
        leader = of_term.get(now.term, "")
        asked = {name for name in ACTING if _asked(campaign, name, now.at_s)}
        if leader not in asked:
            who = " and ".join(sorted(asked)) or "nobody"
            breaches.append(f"{now.workers} workers in term {now.term} of {leader or 'nobody'} were asked for by {who}")
    return Law("only the leader's writes get through", f"{writes} writes", tuple(breaches))


def _asked(campaign: Campaign, name: str, at_s: float) -> bool:
    return any(
        each.writes and each.path.partition("?")[0].endswith("/scale") and at_s - LATE_S < each.at_s <= at_s
        for each in campaign.gateways[name].requests
    )


def _bounds(campaign: Campaign) -> Law:
    counts = campaign.audit.counts
    breaches = [f"{each.workers} workers" for each in counts if not LEAST <= each.workers <= MOST]
    seen = sorted({each.workers for each in counts})
    found = f"{len(counts)} versions of the Deployment, from {seen[0]} to {seen[-1]} workers"
    return Law(f"from {LEAST} to {MOST} workers", found, tuple(breaches) + _gaps(campaign))


def _gaps(campaign: Campaign) -> tuple[str, ...]:
    return ("the watch of the audit has gaps",) if campaign.audit.gaps else ()


def _hands_off(campaign: Campaign) -> Law:
    """Who saw a person's change writes nothing for the pause, counted by its own clock."""
    breaches, seen = [], 0
    for name in ACTING:
        for life in _lives(campaign.operators[name]):
            until_s = float("-inf")
            for record in life:
                if any("hands off" in each for each in record["remarks"]):
                    seen, until_s = seen + 1, record["time_s"] - record["tick_ms"] / 1000 + HANDS_OFF_S - 0.1
                elif record["written"] is not None and record["time_s"] < until_s:
                    breaches.append(f"{name} wrote {record['written']} within the pause")
    return Law("hands off after a person's change", f"{seen} times seen", tuple(breaches))


def _lives(operator: Operator) -> list[list[dict[str, Any]]]:
    lives: list[list[dict[str, Any]]] = []
    for told in operator.told:
        if told.record["kind"] == "start":
            lives.append([])
        if lives:
            lives[-1].append(told.record)
    return lives


def _seen(campaign: Campaign) -> Law:
    breaches = tuple(
        f"{each.fault.kind} (of {each.victim}) at {each.began_s:.0f}: no journal tells of it"
        for each in campaign.outcomes
        if not each.words
    )
    return Law("every fault is in a journal", f"{len(campaign.outcomes)} faults", breaches)


def _recovered(campaign: Campaign) -> Law:
    breaches = tuple(f"{each.fault.kind}: never" for each in campaign.outcomes if each.recovery_s is None)
    worst = max((each.recovery_s or 0.0 for each in campaign.outcomes), default=0.0)
    return Law("back to work after every fault", f"within {worst:.1f} s at worst", breaches)


def _takeover(campaign: Campaign) -> Law:
    took = [each.recovery_s or float("inf") for each in campaign.outcomes if each.fault.kind in LEADERS]
    breaches = tuple(f"{each:.1f} s" for each in took if each > TAKEOVER_S)
    return Law(
        f"a takeover within {TAKEOVER_S:g} s", f"{len(took)} takeovers, {max(took, default=0):.1f} s at worst", breaches
    )
