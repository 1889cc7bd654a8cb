"""Whose queue, and how its workers are set: as is recommended, and as is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from operate.template import WorkerTemplate

#: System -> its module, which has ``Queue(url)`` and ``work(url, variant)``.
MODULES = {
    "rq": "benchmarks.operate_scale_in.on_rq",
    "celery-redis": "benchmarks.operate_scale_in.on_celery",
    "celery-rabbitmq": "benchmarks.operate_scale_in.on_celery",
    "rabbitmq": "benchmarks.operate_scale_in.on_rabbitmq",
}
LONG_S, SHORT_S = 30.0, 0.3
RQ = ("rq", "worker", "orders", "--serializer", "json")
CELERY = ("celery", "-A", "shop", "worker", "-Q", "orders", "-c", "1")
PLAIN = ("python", "consumer.py")


class Queue(Protocol):
    """A queue as its producers see it."""

    def put(self, number: int, work_s: float) -> None:
        """Put a task."""
        ...

    def depth(self) -> int:
        """Return how many tasks wait."""
        ...

    def clear(self) -> None:
        """Throw away what an earlier campaign left."""
        ...

    def kept_back(self) -> int:
        """Return how many tasks of dead workers are nobody's until a long time has passed."""
        ...

    def source(self, watched: str) -> Mapping[str, Any]:
        """Return it as the settings of a source that looks at this address."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


@dataclass(frozen=True, slots=True)
class Variant:
    """Workers of a system, set in a way.

    Attributes:
        name: ``recommended``, or what is wrong.
        template: as a platform would tell of such workers; its grace is the one that is given.
        owed: what becomes of tasks is as the queue promises: "" where nothing may be lost and nothing begun twice,
            ``twice`` where tasks may be, ``lost`` where some are expected to be lost.
        words: what is set, for people.
    """

    name: str
    template: WorkerTemplate
    words: str
    owed: str = ""


def _variant(name: str, command: Sequence[str], grace_s: float, words: str, owed: str = "", **env: str) -> Variant:
    template = WorkerTemplate("deployment/worker", tuple(command), env, grace_s=grace_s)
    return Variant(name, template, words, owed)


VARIANTS: dict[str, tuple[Variant, ...]] = {
    "rq": (
        _variant("recommended", RQ, LONG_S, "grace longer than the longest job"),
        _variant("short", RQ, SHORT_S, "grace shorter than a job", "lost"),
    ),
    "celery-redis": (
        _variant("recommended", CELERY, LONG_S, "acks_late, prefetch 1, grace longer than the longest task"),
        _variant(
            "early", CELERY, SHORT_S, "Celery's defaults (early ack, prefetch 4), grace shorter than a task", "lost"
        ),
    ),
    "celery-rabbitmq": (
        _variant("recommended", CELERY, LONG_S, "acks_late, prefetch 1, grace longer than the longest task"),
        _variant("late", CELERY, SHORT_S, "acks_late, prefetch 1, grace shorter than a task", "twice"),
        _variant(
            "early", CELERY, SHORT_S, "Celery's defaults (early ack, prefetch 4), grace shorter than a task", "lost"
        ),
    ),
    "rabbitmq": (
        _variant("recommended", PLAIN, LONG_S, "ack after the work, prefetch 1, SIGTERM heard, grace long enough"),
        _variant("late", PLAIN, SHORT_S, "ack after the work, prefetch 1, grace shorter than a task", "twice"),
        _variant("early", PLAIN, SHORT_S, "auto_ack, SIGTERM not heard, grace shorter than a task", "lost"),
    ),
}


@contextmanager
def broker(system: str) -> Iterator[tuple[str, str]]:
    """Run a broker of its own; give its address, and the one at which a source looks at it."""
    from tests.live.servers import RunningServer
    from tests.operate.brokers import RunningRabbit
    from tests.ports import free_port

    if system in ("rq", "celery-redis"):
        port = free_port()
        server: Any = RunningServer(port=port)
        url = watched = f"redis://127.0.0.1:{port}/0"
    else:
        server = RunningRabbit()
        url, watched = server.url, server.http_url("owner") if system == "rabbitmq" else server.url
    try:
        yield url, watched
    finally:
        server.stop()
