"""What `operate check` says of a queue that is told in JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.farm_kind import Finding
from operate.reading import Fact
from operate.sources.ages import LONGEST_S
from operate.sources.told.answer import Answer

SCHEMA = "`autoscale operate schema --reading` prints what it may be"


def told_findings(settings: Any, ask: Callable[[], Answer]) -> Sequence[Finding]:
    """Ask once, and return what is told, what is not, and what cannot be true."""
    try:
        answer = ask()
    except AutoscalingError as error:
        return [Finding("an answer", False, str(error), f"correct the source, or what it tells; {SCHEMA}")]
    told = {fact: getattr(answer, fact.value) for fact in Fact if getattr(answer, fact.value) is not None}
    shown = ", ".join(f"{fact.value} {value:g}" for fact, value in told.items())
    found = [Finding("an answer", bool(told), shown or "it tells nothing of the queue", "" if told else SCHEMA)]
    if missing := [fact.value for fact in Fact if fact in settings.knows and fact not in told]:
        detail = f"{', '.join(missing)}: in source.knows, and not told now"
        fine = set(missing) <= {Fact.SERVICE.value}  # nothing was finished lately
        found.append(
            Finding("what is not told", fine, detail, "" if fine else "tell it, or take it out of source.knows")
        )
    if more := [fact for fact in told if fact not in settings.knows]:
        every = ", ".join(fact.value for fact in Fact if fact in told or fact in settings.knows)
        detail = f"{', '.join(fact.value for fact in more)}: told, and not used"
        found.append(Finding("what is not used", False, detail, f"source.knows: [{every}]"))
    for fact, most_s in LONGEST_S.items():
        if told.get(fact, 0.0) > most_s:
            detail = f"{fact.value} is {told[fact]:g} s, which is no such time"
            found.append(Finding("the unit", False, detail, "tell seconds: not milliseconds, no Unix time"))
    return found
