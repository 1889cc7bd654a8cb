"""By which words of which journal each kind of fault is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from benchmarks.operate_faults.faults import Kind
from benchmarks.operate_faults.operators import Told

API = r"the workers: [^;]+|workers were last seen [^;]+|workers cannot be seen|could not write[^;]+|leads no more"
#: A busy machine leaves out so many ticks now and then.
ORDINARY = 1
#: Words in any record of the window.
WORDS: dict[Kind, str] = {
    Kind.LEADER_KILLED: r"leads from now on, in term \d+",
    Kind.LEADER_STOPPED: r"leads from now on, in term \d+",
    Kind.LEASE_DELETED: r"leads from now on, in term \d+",
    Kind.API_CUT: API,
    Kind.API_SILENT: API,
    Kind.API_STOPPED: API,
    Kind.REDIS_KILLED: r"the source cannot be read: Redis at .*?: [^;]+",
    Kind.REDIS_STOPPED: r"the source cannot be read: Redis at .*?: [^;]+",
    Kind.REDIS_RESET: r"_total fell from \d+ to \d+: taken as a counter that began anew",
    Kind.REDIS_JUMP: r"arrived_total (rose|fell) from \d+ to \d+: taken as set by somebody",
    Kind.EXPORTER_FROZEN: r"the source's newest value is \d+ s old",
    Kind.EXPORTER_AWAY: r"the source's newest value is \d+ s old|the source cannot be read",
    Kind.PROMETHEUS_STOPPED: r"the source cannot be read",
    Kind.EXPORTER_RESET: r"_total fell from \d+ to \d+: taken as a counter that began anew",
    Kind.PERSON: r"kubectl-scale changed the workers from \d+ to \d+: hands off",
    Kind.POLICY_RAISES: r"raised .*damaged",
    Kind.POLICY_HANGS: r"took longer than [\d.]+ s|has not come back",
    Kind.POLICY_NAN: r"\bnan\b",
    Kind.CLOCK_FORWARD: r"the wall clock was set \d+ s forward",
    Kind.CLOCK_BACK: r"the wall clock was set \d+ s back",
}


def seen(kind: Kind, victim: list[Told], others: list[Told]) -> str:
    """Return the words that tell of a fault, or "".

    Args:
        kind: of it.
        victim: what the journal of the controller that was hit says from then on.
        others: what those of the others say.
    """
    if kind == Kind.FOLLOWER_KILLED:
        return _first(victim, lambda each: "a start without an end before" if each.record["kind"] == "start" else "")
    if kind == Kind.FOLLOWER_STOPPED:
        return _first(victim, _skipped)
    where = others if kind in {Kind.LEADER_KILLED, Kind.LEADER_STOPPED} else [*victim, *others]
    words = re.compile(WORDS[kind])
    return _first(where, lambda each: found[0] if (found := words.search(each.text)) else "")


def _skipped(told: Told) -> str:
    skipped = int(told.record["skipped"])
    return f"{skipped} ticks skipped" if skipped > ORDINARY else ""


def _first(told: Iterable[Told], words: Callable[[Told], str]) -> str:
    return next((found for each in told if (found := words(each))), "")
