"""Alarms of a RabbitMQ's nodes: while one lasts, producers are blocked, and an empty queue says nothing of the load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autoscaling_env.errors import BackendError
from live.clock import Clock
from operate.sources.rabbitmq.management import Management, RefusedError

#: Seconds between two looks.
EVERY_S = 5.0
#: Column of the management -> what is short, and what gives it back.
ALARMS = {
    "disk_free_alarm": ("disk", "free space above its disk_free_limit"),
    "mem_alarm": ("memory", "memory below its vm_memory_high_watermark"),
}


class Alarms:
    """Asks for the nodes now and then; an account that may not (without the tag `monitoring`) asks no more.

    Where nobody answers nothing is said: whoever reads the queue says it.

    Args:
        management: that is asked.
        clock: real time.
    """

    def __init__(self, management: Management, clock: Clock) -> None:
        self._management, self._clock = management, clock
        self._next_s = float("-inf")
        self._remarks: tuple[str, ...] = ()

    def remarks(self, until_s: float) -> tuple[str, ...]:
        """Return what is wrong, in a sentence each.

        Args:
            until_s: by when an answer has to be there, by the clock.
        """
        now_s = self._clock.now()
        if now_s < self._next_s:
            return self._remarks
        self._next_s, nodes = now_s + EVERY_S, []
        try:
            nodes = self._management.get("nodes", until_s - now_s, columns=",".join(("name", *ALARMS)))
        except RefusedError:
            self._next_s = float("inf")
        except BackendError:
            pass
        self._remarks = tuple(said for node in nodes for said in _of(node)) if isinstance(nodes, list) else ()
        return self._remarks


def _of(node: Mapping[str, Any]) -> list[str]:
    return [
        f"RabbitMQ's node {node.get('name')} has its alarm for {what}: producers are blocked until it has {back}, so"
        " fewer tasks come than are sent"
        for column, (what, back) in ALARMS.items()
        if node.get(column)
    ]
