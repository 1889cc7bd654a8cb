"""By which words of the journal each kind of fault is seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.operate_broker_faults.faults import Kind
from benchmarks.operate_faults.operators import Told

UNREAD = r"the source cannot be read: [^;]+"
#: Workers that cannot reach their queue end, give back what they held, or stand still.
WORKERS = (
    r"a worker ended by itself[^;]+|handed out once more[^;]*|jobs in hands of workers that no longer answer[^;]+"
    r"|worker \S+ has said nothing[^;]+|nothing was finished for[^;]+"
    r"|\d+ ready workers finished \d+ of about \d+ tasks while \d+ wait"
)
WORDS: dict[Kind, str] = {
    Kind.KILLED: UNREAD,
    Kind.STOPPED: UNREAD,
    Kind.CONTROLLER_CUT: UNREAD,
    Kind.CONTROLLER_SILENT: UNREAD,
    Kind.WORKERS_CUT: WORKERS,
    Kind.WORKERS_SILENT: WORKERS,
    Kind.BROKER_FULL: r"[^;]*\bdisk\b[^;]*",
    Kind.STATE_FULL: r"(the journal could not be written|state\.json cannot be written) \([^)]+\)",
}


def seen(kind: Kind, told: Sequence[Told]) -> str:
    """Return the words that tell of a fault in what a journal says from then on, or ""."""
    words = re.compile(WORDS[kind])
    return next((found[0].strip() for each in told if (found := words.search(each.text))), "")
