"""What is known of a Celery by its events, and what is to be said of what is not."""

from __future__ import annotations

from dataclasses import dataclass

NO_ARRIVALS = (
    "not every producer says what it sends (task_send_sent_event=True in the producers' configuration): "
    "arrivals are estimated"
)
NO_TASKS = (
    "workers send no events of tasks (worker_send_task_events=True, or -E): what they have prefetched and how long "
    "tasks take is not known"
)
NOBODY = (
    "tasks wait and no worker says anything: none runs, or --without-heartbeat is set, or source.workers names others"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known by events. None: not yet, or not by these workers.

    Attributes:
        running: tasks that workers work on.
        reserved: tasks that workers hold and have not begun: they wait as those in the queue do.
        planned: tasks that workers hold until their time has come (ETA, countdown).
        sent, done: tasks that came and that are done, since this process began to listen.
        service_s: mean seconds of work of the tasks finished in the last minutes.
        workers: names of those that have said something lately.
        remarks: what the reader should know, a sentence each.
    """

    running: int | None
    reserved: int
    planned: int
    sent: int | None
    done: int
    service_s: float | None
    workers: tuple[str, ...]
    remarks: tuple[str, ...]
