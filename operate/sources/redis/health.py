"""Whether a Redis can write to its disk: where it cannot, it refuses producers and workers, and still tells lengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from autoscaling_env.errors import BackendError
from operate.sources.redis.server import RedisServer

#: Seconds between two looks.
EVERY_S = 5.0


class Health:
    """Asks for `INFO persistence` now and then; an account that may not (without +info) is asked no more.

    Args:
        server: that is asked.
        wall: Unix time in seconds.
    """

    def __init__(self, server: RedisServer, wall: Callable[[], float]) -> None:
        self._server, self._wall = server, wall
        self._asked_s: float | None = None
        self._may_ask = True
        self._remarks: tuple[str, ...] = ()

    def remarks(self) -> tuple[str, ...]:
        """Return what is wrong, in a sentence each.

        Raises:
            BackendError: the server cannot be reached.
        """
        now_s = self._wall()
        if self._may_ask and (self._asked_s is None or abs(now_s - self._asked_s) >= EVERY_S):
            self._asked_s = now_s
            (told,) = self._server.ask_each(("INFO", "persistence"))
            self._may_ask = not isinstance(told, BackendError)
            self._remarks = tuple(troubles(told, self._server.where)) if isinstance(told, dict) else ()
        return self._remarks


def troubles(told: Mapping[str, Any], where: str) -> Iterator[str]:
    """Give what an answer to `INFO persistence` says against a server."""
    refused = "it refuses what producers and workers write until its disk has room"
    if told.get("aof_enabled") and told.get("aof_last_write_status") == "err":
        yield f"Redis at {where} cannot write its append-only file to disk (aof_last_write_status:err): {refused}"
    if told.get("rdb_last_bgsave_status") == "err":
        what = "could not save its last snapshot to disk (rdb_last_bgsave_status:err)"
        yield f"Redis at {where} {what}: {refused}, unless stop-writes-on-bgsave-error is no"
