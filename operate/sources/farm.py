"""A farm of ours on its Redis server, read without touching it: it knows everything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from autoscaling_env.farm_kind import Finding
from live.history import parse
from live.wire.keys import key
from operate.kinds import SourceKind
from operate.reading import Fact, Reading
from operate.sources.ages import waited
from operate.sources.redis.doctor import looked_at
from operate.sources.redis.server import SCHEMES, Command, RedisSection, RedisServer

#: Results that are read at most, the newest: so many tell the mean.
MOST_RESULTS = 500
#: Lines of the history that are read at a time, and in all.
PAGE, MOST_LINES = 10_000, 1_000_000


class FarmSourceSettings(RedisSection):
    """A farm of ours, as `autoscale farm up` or a run leaves it on a server."""

    kind: Literal["farm"] = "farm"
    """A farm of ours."""
    farm: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")] = "farm"
    """Its name, as live.farm."""
    time_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Real seconds per episode second, as live.time_scale."""


class FarmSource:
    """Reads one farm. Its counters begin anew with each episode. All seconds are real ones."""

    def __init__(self, settings: FarmSourceSettings, wall: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._server = RedisServer(settings, wall)
        self._episode, self._told = b"", 0
        self.knows = frozenset(Fact)

    @property
    def described(self) -> str:
        """The farm and its server."""
        return f"farm {self._settings.farm!r} at {self._server.where}"

    def read(self) -> Reading:
        """Return what is true now, in one round trip."""
        now_s, answers = self._server.ask_at(
            self._of("HGETALL", "episode"),
            self._of("LLEN", "worker_queue"),
            self._of("LINDEX", "worker_queue", 0),
            self._of("HLEN", "leased"),
            self._of("GET", "worker_queue:enqueued_total"),
            self._of("HLEN", "settled"),
            self._of("LLEN", "output_queue"),
            self._of("LRANGE", "output_queue", -MOST_RESULTS, -1),
        )
        episode, waiting, oldest, leased, enqueued, settled, told, results = answers
        remarks = list(_remarks(episode))
        oldest_s, strange = self._waited(oldest, int(episode.get(b"started_us", b"0")) / 1e6, now_s)
        return Reading(
            backlog=float(waiting),
            in_flight=float(leased),
            arrived_total=float(enqueued or 0),
            completed_total=float(settled),
            service_s=self._mean_s(episode.get(b"id", b""), told, results),
            oldest_s=oldest_s,
            remarks=tuple(remarks + [strange] * bool(strange)),
        )

    def past(self, step_s: float, since_s: float) -> NDArray[np.int64]:
        """Return int64[t], the tasks put on the queue in each step of this episode, oldest first.

        Raises:
            BackendError: it cannot be read.
        """
        now_s, (length,) = self._server.ask_at(self._of("LLEN", "history"))
        steps = int(since_s / step_s + 1e-9)
        start_s = now_s - steps * step_s
        counts = np.zeros(steps, dtype=np.int64)
        first = steps
        for at_s, kind in self._history(int(length), start_s):
            step = int((at_s - start_s) // step_s)
            if 0 <= step < steps:
                first = min(first, step)
                counts[step] += kind == "enqueued"
        return counts[first:]

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- inside

    def _of(self, command: str, name: str, *arguments: int) -> Command:
        return (command, key(self._settings.farm, name), *arguments)

    def _mean_s(self, episode: bytes, told: int, results: Sequence[bytes]) -> float | None:
        """Return the mean of the results that came since the last reading; None: none did."""
        new = told - self._told if episode == self._episode and told >= self._told else told
        self._episode, self._told = episode, told
        records = [json.loads(each) for each in results[-new:]] if new else []
        work_s = [float(record["work_s"]) for record in records if "dead" not in record]
        return float(np.mean(work_s)) if work_s else None

    def _waited(self, task: bytes | None, started_s: float, now_s: float) -> tuple[float | None, str]:
        if task is None:
            return 0.0, ""
        try:
            arrival_s = float(json.loads(task)["arrival_s"])
        except (ValueError, TypeError, KeyError):
            return None, "the oldest task is not one of the farm's: its age is not known"
        return waited(started_s + arrival_s * self._settings.time_scale, now_s)

    def _history(self, end: int, since_s: float) -> Iterator[tuple[float, str]]:
        """Give time and kind of events from the newest page backwards, until they are older than ``since_s``."""
        last = max(end - MOST_LINES, 0)
        while end > last:
            begin = max(end - PAGE, last)
            (lines,) = self._server.ask(self._of("LRANGE", "history", begin, end - 1))
            events = [(event.at_us / 1e6, event.kind) for event in parse(line.decode() for line in lines)]
            yield from events
            if not events or events[0][0] < since_s:
                return
            end = begin


def _remarks(episode: Mapping[bytes, bytes]) -> Iterator[str]:
    if not episode:
        yield "no episode runs on the farm"
    elif failed := episode.get(b"failed"):
        yield f"the episode has failed: {failed.decode(errors='replace')}"


def examine(settings: Any) -> Sequence[Finding]:
    """Look at the server, and at whether an episode runs on the farm."""
    return looked_at("farm", settings, _look)


def _look(settings: Any, server: RedisServer) -> Iterator[Finding]:
    (episode,) = server.ask(("HGETALL", key(settings.farm, "episode")))
    if not episode:
        yield Finding("farm", False, f"no episode on farm {settings.farm!r}", "name it in source.farm, or start it")
        return
    controller = episode.get(b"controller", b"").decode(errors="replace")
    yield Finding("farm", True, f"farm {settings.farm!r}, controlled by {controller or 'nobody'}")


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the farms of a server.

    Raises:
        BackendError: it cannot be asked.
    """
    with closing(RedisServer(RedisSection(url=url))) as server:
        names = [name[1:-9] for name in server.keys("hash") if name.startswith("{") and name.endswith("}:episode")]
    return [{"kind": "farm", "url": url, "farm": name} for name in sorted(names)]


KIND = SourceKind(
    name="farm",
    summary="a farm of ours",
    settings=FarmSourceSettings,
    open=FarmSource,
    knows=dict.fromkeys(Fact, "always") | {Fact.OLDEST: "always, with time_scale as the farm has it"},
    examine=examine,
    schemes=SCHEMES,
    find=find,
    needs=("redis",),
)
