"""What is broken, in which order and for how long: drawn from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Kind(StrEnum):
    """A kind of fault, as the table calls it."""

    KILLED = "broker killed (SIGKILL), later started"
    STOPPED = "broker stopped (SIGSTOP)"
    CONTROLLER_CUT = "network controller - broker: connections reset and refused"
    CONTROLLER_SILENT = "network controller - broker: nothing gets through"
    WORKERS_CUT = "network workers - broker: connections reset and refused"
    WORKERS_SILENT = "network workers - broker: nothing gets through"
    BROKER_FULL = "the broker's disk is full"
    STATE_FULL = "the disk of journal and state is full"


#: Seconds that a fault lasts, least and most: longer than readings may be old (4 s), and than work stands still before
#: that is said (5 s, from the first task that waits on).
HOLD_S = (9.0, 12.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the schedule.

    Attributes:
        kind: of it.
        hold_s: how long it lasts.
    """

    kind: Kind
    hold_s: float


def schedule(seed: int, times: int, kinds: Sequence[Kind] = tuple(Kind)) -> list[Fault]:
    """Return each of these kinds so many times, in an order and for times drawn from ``seed``."""
    rng = np.random.default_rng(seed)
    every = [kind for kind in kinds for _ in range(times)]
    return [Fault(every[place], float(rng.uniform(*HOLD_S))) for place in rng.permutation(len(every))]
