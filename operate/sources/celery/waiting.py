"""What a broker tells of the queues, whatever workers say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tasks in the queues. None: nobody tells.

    Attributes:
        backlog: tasks that wait.
        held: messages that workers hold: in hands, prefetched, planned for later.
        whose: of which queues these are.
        published: tasks that ever came.
        age_s: seconds ago that this was true.
        remarks: what the reader should know, a sentence each.
    """

    backlog: float
    held: float | None = None
    whose: str = ""
    published: float | None = None
    age_s: float = 0.0
    remarks: tuple[str, ...] = ()
