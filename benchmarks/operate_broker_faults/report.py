"""The campaign as tables of a page."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.operate_broker_faults.campaign import Campaign, Outcome
from benchmarks.operate_broker_faults.faults import Kind
from benchmarks.operate_broker_faults.laws import laws


def markdown(campaigns: Sequence[Campaign]) -> str:
    """Return what became of each kind of fault in each system, and whether the laws held."""
    return f"{_faults(campaigns)}\n{_laws(campaigns)}\n{_words(campaigns)}"


def _faults(campaigns: Sequence[Campaign]) -> str:
    systems = [each.system for each in campaigns]
    rows = [f"| fault | {' | '.join(systems)} |", f"|---|{'---|' * len(systems)}"]
    rows += [f"| {kind} | {' | '.join(_cell(each, kind) for each in campaigns)} |" for kind in Kind]
    return "\n".join(rows) + "\n"


def _cell(campaign: Campaign, kind: Kind) -> str:
    """Return how often a kind came and was seen, and the worst times until readings and work."""
    outcomes = [each for each in campaign.outcomes if each.fault.kind == kind]
    if not outcomes:
        return "-"
    seen = sum(bool(each.words) for each in outcomes)
    return f"{seen} of {len(outcomes)}: {_worst([each.fresh_s for each in outcomes])} / {_worst(_working(outcomes))}"


def _working(outcomes: Sequence[Outcome]) -> list[float | None]:
    return [each.working_s for each in outcomes]


def _worst(times_s: Sequence[float | None]) -> str:
    known = [each for each in times_s if each is not None]
    return f"{max(known):.1f}" if len(known) == len(times_s) else "never"


def _laws(campaigns: Sequence[Campaign]) -> str:
    held = [laws(each) for each in campaigns]
    rows = [f"| law | {' | '.join(each.system for each in campaigns)} |", f"|---|{'---|' * len(campaigns)}"]
    for row in zip(*held, strict=True):
        cells = [f"{each.found}{''.join(f'; **{said}**' for said in each.breaches)}" for each in row]
        rows.append(f"| {row[0].text} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _words(campaigns: Sequence[Campaign]) -> str:
    """Return by which words each kind was seen, of each system."""
    rows = ["| fault | system | such as |", "|---|---|---|"]
    for kind in Kind:
        for campaign in campaigns:
            words = next((each.words for each in campaign.outcomes if each.fault.kind == kind and each.words), "")
            rows.append(f"| {kind} | {campaign.system} | {words[:160]} |")
    return "\n".join(rows) + "\n"
