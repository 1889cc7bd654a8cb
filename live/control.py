"""The controller's side of the queue protocol: begin an episode, start its clock, read everything at one instant."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from pathlib import Path

from autoscaling_env.errors import BackendError
from live.errors import FarmLost
from live.queues import Queues
from live.snapshot import Snapshot, parse_snapshot

#: A controller not heard of for this long has given its farm up.
OWNER_TTL_S = 60.0
#: Most collected results read in one snapshot.
PAGE = 5000


class Controller:
    """One controller's hold on one farm. At most one controller has it at a time."""

    def __init__(self, queues: Queues, owner: str = "", *, lease_s: float, max_deliveries: int) -> None:
        self.queues = queues
        self.owner = owner or this_process()
        self.episode = ""
        self._lease_us = int(lease_s * 1e6)
        self._max_deliveries = max_deliveries

    def begin(self, segments: Sequence[str]) -> str:
        """Drop whatever the last episode left, put ``segments`` on the input queue, and return the new id.

        Raises:
            BackendError: another living controller has the farm, or its keys belong to another program.
        """
        current = self.queues.episode()
        self.episode = uuid.uuid4().hex[:12]
        self._take_over(current)
        for number, segment in enumerate(segments):
            self._still_ours(self.queues.run("offer", self.episode, number, segment) != "stale")
        return self.episode

    def _take_over(self, current: dict[str, str]) -> None:
        owner = current.get("controller", "")
        gone = owner if _is_dead(owner) else ""
        answer = self.queues.run(
            "begin", current.get("id", ""), self.episode, self.owner, _us(OWNER_TTL_S), gone,
            self._lease_us, self._max_deliveries,
        )  # fmt: skip
        if answer[0] not in {"ok", "again"}:
            raise BackendError(self._refusal(answer))

    def _refusal(self, answer: list[str]) -> str:
        farm = f"farm {self.queues.farm!r} on {self.queues.where}"
        if answer[0] == "owned":
            left_s = int(answer[2]) / 1e6
            return (
                f"{farm} is controlled by {answer[1]} (for {left_s:.0f} s more unless it renews); use another live.farm"
            )
        if answer[0] == "foreign":
            return f"{farm}: key {answer[1]} exists but no episode does: not ours to delete; use another live.farm"
        return f"{farm}: another controller began episode {answer[1]} at the same moment; use another live.farm"

    def start(self) -> tuple[int, int]:
        """Set time 0; return it and the server's present time, both in microseconds."""
        answer = self.queues.run("start", self.episode)
        self._still_ours(bool(answer))
        return int(answer[0]), int(answer[1])

    def snapshot(self, read: int) -> Snapshot:
        """Return all facts of this instant, with the output records from number ``read`` on.

        Raises:
            FarmLost: the episode is gone from the server, or another controller has taken the farm.
        """
        answer = self.queues.run("snapshot", self.episode, self.owner, _us(OWNER_TTL_S), read, PAGE)
        if answer[0] == "taken":
            raise FarmLost(f"farm {self.queues.farm!r}: controller {answer[1]} has taken it over")
        self._still_ours(answer[0] == "ok", answer[-1])
        return parse_snapshot(answer)

    def renew(self) -> None:
        """Say that the farm is still ours; ``snapshot`` does, too, but only once a step."""
        if self.episode:
            self.queues.run("renew", self.episode, self.owner, _us(OWNER_TTL_S))

    def release(self, *, drop: bool) -> None:
        """Give the farm up; with ``drop`` leave no key behind."""
        self.queues.run("release_farm", self.episode, self.owner, int(drop))

    def _still_ours(self, ours: bool, found: str = "") -> None:
        if ours:
            return
        farm = f"farm {self.queues.farm!r} on {self.queues.where}"
        if found:
            raise FarmLost(f"{farm}: another controller began episode {found}")
        raise FarmLost(f"{farm}: the server has lost the episode (restarted empty?); switch on `appendonly yes`")


def this_process() -> str:
    """Return who we are: host, process, and a part that no other run has."""
    return f"{_here()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def _here() -> str:
    """Where process ids mean the same: containers may share a host's name, but not its process ids."""
    try:
        return f"{socket.gethostname()}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except FileNotFoundError:
        return socket.gethostname()


def _is_dead(owner: str) -> bool:
    """Return whether ``owner`` ran on this machine and its process is gone."""
    host, _, rest = owner.partition("/")
    if host != _here():
        return False
    try:
        os.kill(int(rest.partition("/")[0]), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _us(seconds: float) -> int:
    return int(seconds * 1e6)
