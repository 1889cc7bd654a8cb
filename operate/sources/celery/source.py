"""A Celery's queues: what waits in them by the broker, what is in hands and done by the events of its workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from operate.kinds import SourceKind
from operate.reading import Fact, KeptTasks, Reading
from operate.sources.celery.advice import advise
from operate.sources.celery.amqp_broker import AmqpEvents, AmqpQueues, said
from operate.sources.celery.books import Books
from operate.sources.celery.doctor import examine
from operate.sources.celery.find import find
from operate.sources.celery.kept import together
from operate.sources.celery.listener import Listener
from operate.sources.celery.redis_broker import RedisEvents, RedisQueues
from operate.sources.celery.results import results
from operate.sources.celery.settings import AMQP, REDIS, CelerySettings
from operate.sources.celery.told import Told
from operate.sources.celery.waiting import Waiting
from operate.sources.rabbitmq.settings import MANAGEMENT


class CelerySource:
    """Reads the queues of one group of workers; with events it listens from its first reading on.

    Args:
        settings: which queues.
        wall: Unix time in seconds.
        monotonic: seconds on a clock that nobody sets.
    """

    def __init__(
        self,
        settings: CelerySettings,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._wall = settings, wall
        self._queues = RedisQueues(settings, wall) if settings.on_redis else AmqpQueues(settings)
        self._books = Books(settings, monotonic, wall)
        events = RedisEvents if settings.on_redis else AmqpEvents
        self._listener = Listener(lambda: events(settings), self._books, self._said)
        counted = {Fact.ARRIVED} if settings.management_url else set()
        by_events = {Fact.IN_FLIGHT, Fact.ARRIVED, Fact.COMPLETED, Fact.SERVICE}
        self.knows = frozenset({Fact.BACKLOG} | (by_events if settings.events else counted))

    @property
    def described(self) -> str:
        """The queues and their broker."""
        queues = self._settings.queues
        named = f"queue{'s' if len(queues) > 1 else ''} {', '.join(map(repr, queues))}"
        return f"Celery {named} at {self._queues.where}"

    def read(self) -> Reading:
        """Return what is true now; the queues are asked, what is known by events is at hand."""
        waiting = self._queues.waiting()
        if not self._settings.events:
            remarks = (*waiting.remarks, *_unseen(waiting))
            return Reading(
                backlog=waiting.backlog, arrived_total=waiting.published, age_s=waiting.age_s, remarks=remarks
            )
        self._listener.start()
        told = self._books.told(waiting.backlog)
        remarks = (*waiting.remarks, *told.remarks)
        if trouble := self._listener.trouble:
            remark = f"events of Celery are not heard, so only the backlog is known: {trouble}"
            return Reading(backlog=waiting.backlog, remarks=(remark, *remarks))
        return Reading(
            backlog=waiting.backlog + told.reserved,
            in_flight=None if told.running is None else float(told.running),
            arrived_total=None if told.sent is None else float(told.sent),
            completed_total=float(told.done),
            service_s=told.service_s,
            remarks=(*remarks, *_notes(told)),
        )

    def kept(self, since_s: float) -> KeptTasks:
        """Return the tasks of the last ``since_s`` seconds: those heard of, and before them those with a result.

        Raises:
            BackendError: the results cannot be read.
        """
        begin_s = self._wall() - since_s
        heard = self._books.kept(begin_s)
        return together(heard, results(self._settings, begin_s, self._wall) if self._settings.result_backend else None)

    def close(self) -> None:
        """Stop listening, and close the connections."""
        self._listener.close()
        self._queues.close()

    def _said(self, error: Exception) -> str:
        return " ".join(str(error).split()) if self._settings.on_redis else said(error, self._settings)


def _unseen(waiting: Waiting) -> Iterator[str]:
    """Give what is not seen without events."""
    if waiting.held:
        yield (
            f"workers hold {waiting.held:.0f} messages {waiting.whose} (prefetched, planned for later, with acks_late "
            "running too): they are not in the backlog. events: true tells"
        )


def _notes(told: Told) -> Iterator[str]:
    if told.running is None:
        yield "it has just begun to listen: what workers hold is known in some seconds"
    if told.planned:
        yield f"{told.planned} tasks with an ETA or countdown lie in workers' hands until their time: they do not wait"


KIND = SourceKind(
    name="celery",
    summary="queues of Celery, on Redis or RabbitMQ",
    settings=CelerySettings,
    open=CelerySource,
    knows={
        Fact.BACKLOG: "always: what waits, of all priorities; with events what workers have prefetched, too",
        Fact.IN_FLIGHT: "with events: true: heartbeats of the workers, and their tasks' events (-E) in between",
        Fact.ARRIVED: "with events: true, where every producer has task_send_sent_event=True; else with management_url",
        Fact.COMPLETED: "with events: true: heartbeats of the workers, and their tasks' events (-E) in between",
        Fact.SERVICE: "with events: true, where workers run with -E (worker_send_task_events=True)",
    },
    examine=examine,
    advise=advise,
    schemes=(*REDIS, *AMQP, *MANAGEMENT),
    find=find,
    needs=("celery", "redis", "urllib3"),
)
