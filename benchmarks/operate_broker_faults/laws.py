"""What must hold whatever happens to the broker, looked at afterwards."""

from __future__ import annotations

from benchmarks.operate_broker_faults.campaign import LEAST, MOST, Campaign
from benchmarks.operate_faults.laws import Law


def laws(campaign: Campaign) -> list[Law]:
    """Return all of them with what was found."""
    return [_nothing_lost(campaign), _repeats(campaign), _bounds(campaign), _seen(campaign), _recovered(campaign)]


def _nothing_lost(campaign: Campaign) -> Law:
    lost = campaign.ledger.lost(campaign.sent)
    found = f"{campaign.sent - len(lost)} of {campaign.sent} done"
    return Law("no task is lost", found, (f"never done: {lost[:20]}",) if lost else ())


def _repeats(campaign: Campaign) -> Law:
    repeated = campaign.ledger.repeated()
    strange = campaign.ledger.unexplained(campaign.again, campaign.windows)
    sent_again = sum(number in campaign.again for number in repeated)
    found = f"{len(repeated)} begun again, {sent_again} of them sent again by their producer"
    text = "a task is begun again only if it was in hands while something was broken, or was sent again"
    return Law(text, found, (f"begun again without a reason: {strange[:20]}",) if strange else ())


def _bounds(campaign: Campaign) -> Law:
    ticks = [each for each in campaign.told if each.is_tick]
    counts = [(each.record["requested"], each.record["wanted"], each.record["applied"]) for each in ticks]
    beyond = [
        f"{name} {count} in tick {each.record['tick']}"
        for each, told in zip(ticks, counts, strict=True)
        for name, count, least in zip(("requested", "wanted", "applied"), told, (LEAST, LEAST, 0), strict=True)
        if not least <= count <= MOST
    ]
    seen = sorted({requested for requested, _, _ in counts})
    return Law(f"from {LEAST} to {MOST} workers", f"{len(ticks)} ticks, workers {seen}", tuple(beyond))


def _seen(campaign: Campaign) -> Law:
    breaches = tuple(str(each.fault.kind) for each in campaign.outcomes if not each.words)
    return Law("every fault is in the journal", f"{len(campaign.outcomes)} faults", breaches)


def _recovered(campaign: Campaign) -> Law:
    breaches = tuple(
        f"{each.fault.kind}: fresh {each.fresh_s}, working {each.working_s}"
        for each in campaign.outcomes
        if each.fresh_s is None or each.working_s is None
    )
    fresh_s = [each.fresh_s for each in campaign.outcomes if each.fresh_s is not None]
    working_s = [each.working_s for each in campaign.outcomes if each.working_s is not None]
    found = f"readings within {max(fresh_s, default=0):.1f} s, work within {max(working_s, default=0):.1f} s"
    return Law("fresh readings and work again after every fault", found, breaches)
