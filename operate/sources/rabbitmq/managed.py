"""A queue as the management of its RabbitMQ tells it, by HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoscaling_env.errors import BackendError
from live.clock import Clock, SystemClock
from operate.reading import Fact, Reading
from operate.sources.promptly import WITHIN_S, Promptly
from operate.sources.rabbitmq.alarms import Alarms
from operate.sources.rabbitmq.figures import COLUMNS, WORKING, Balance, Figures, Freshness, figures_of
from operate.sources.rabbitmq.management import Management, escaped
from operate.sources.rabbitmq.past import published
from operate.sources.rabbitmq.settings import RabbitSettings

#: Seconds for all questions of a reading, a little less than it is waited for.
READ_S = WITHIN_S - 0.3


class ManagedQueue:
    """Asks the management about one queue."""

    knows = frozenset({Fact.BACKLOG, Fact.IN_FLIGHT, Fact.ARRIVED, Fact.COMPLETED})

    def __init__(self, settings: RabbitSettings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._vhost = settings.virtual_host
        self._clock = clock or SystemClock()
        self._management = Management(settings)
        self._alarms = Alarms(self._management, self._clock)
        self._promptly = Promptly(self._management.where, self._management.hang_up)
        self._freshness = Freshness(settings.sampled_every)
        self._balance = Balance(settings.sampled_every)
        self._overview: Mapping[str, Any] | None = None
        self._redelivered: int | None = None

    @property
    def described(self) -> str:
        """The queue and its server."""
        return f"queue {self._settings.queue!r} in virtual host {self._vhost!r}, {self._management.where}"

    def read(self) -> Reading:
        """Return what is true now, as the server last sampled it."""
        try:
            return self._promptly(lambda: self._read(self._clock.now() + READ_S))
        except BackendError:
            self._overview = None  # whoever comes back may be set up otherwise
            raise

    def past(self, step_s: float, since_s: float) -> NDArray[np.int64]:
        """Return int64[t], the messages that were published in each step, oldest first.

        RabbitMQ keeps ten minutes at steps of 5 s and an hour at steps of 60 s, unless its
        `sample_retention_policies` say otherwise; what is older is left out.

        Raises:
            BackendError: it cannot be asked, or keeps no past.
        """
        return self._promptly(lambda: published(self._management, self._settings, step_s, since_s))

    def close(self) -> None:
        """Close the connections."""
        self._management.close()

    # -- reading

    def _read(self, until: float) -> Reading:
        settings, left = self._settings, until - self._clock.now()
        told = self._management.queue(self._vhost, settings.queue, left, columns=",".join(COLUMNS))
        figures = figures_of(told)
        self._check(figures)
        if figures.ready is None:
            return self._totals(until)
        remarks = [*self._alarms.remarks(until)]
        counted = figures.published is not None or self._counts_rates(until, remarks)
        arrived, completed = figures.published or 0, figures.acknowledged + figures.handed_out
        now_s = self._clock.now()
        if counted:
            self._weigh(now_s, figures, arrived, completed, remarks)
        if figures.careless:
            remarks.append(
                f"{figures.careless} of {len(figures.consumers)} consumers acknowledge nothing (auto-ack): nobody knows"
                " what they hold, nor when it is finished"
            )
        return Reading(
            backlog=float(figures.ready),
            in_flight=None if figures.careless else float(figures.unacknowledged),
            arrived_total=float(arrived) if counted and not self._balance.uncounted else None,
            completed_total=float(completed) if counted and not figures.careless else None,
            age_s=self._freshness.age_s(now_s, figures.counts),
            remarks=tuple(remarks),
        )

    def _check(self, figures: Figures) -> None:
        """Raise where the figures are not those of a queue of tasks that works."""
        where = f"{self._management.where}: queue {self._settings.queue!r}"
        if figures.kind == "stream":
            raise BackendError(f"{where} is a stream, from which nothing is ever taken: only classic and quorum queues")
        if figures.state not in WORKING:
            why = "the node that has it is down" if figures.kind == "classic" else "it has no leader now"
            raise BackendError(f"{where} is {figures.state}: {why}, and nobody knows what waits")

    def _weigh(self, now_s: float, figures: Figures, arrived: int, completed: int, remarks: list[str]) -> None:
        there = (figures.ready or 0) + figures.unacknowledged
        if lost := self._balance.lost(now_s, there, arrived, completed):
            remarks.append(
                f"{lost} messages left and nobody acknowledged them: rejected, expired, dropped for the queue's length,"
                " or purged"
            )
        if self._balance.uncounted:
            remarks.append(
                "messages come that are not counted as published, as dead letters of another queue are (retries with a"
                " delay): arrivals are estimated from the rest"
            )
        before, self._redelivered = self._redelivered, figures.redelivered
        if before is not None and figures.redelivered > before:
            again = figures.redelivered - before
            remarks.append(f"{again} messages were handed out once more: their workers went away, or gave them back")

    def _counts_rates(self, until: float, remarks: list[str]) -> bool:
        """Return whether the server counts what comes and goes though it has counted nothing in this queue yet."""
        if self._told(until).get("rates_mode") != "none":
            return True
        remarks.append("the server counts no rates (management.rates_mode = none): neither arrivals nor completions")
        return False

    def _told(self, until: float) -> Mapping[str, Any]:
        if self._overview is None:
            self._overview = self._management.get(
                "overview", until - self._clock.now(), columns="rates_mode,disable_stats,enable_queue_totals"
            )
        return self._overview if isinstance(self._overview, dict) else {}

    def _totals(self, until: float) -> Reading:
        """Return what is told where the statistics are disabled: what waits and what is held, of this moment."""
        self._overview = None  # asked anew: it may have been told before somebody disabled them
        where, told = self._management.where, self._told(until)
        if not told.get("disable_stats"):
            raise BackendError(
                f"{where}: no figures of queue {self._settings.queue!r} yet: the server or the queue has just started"
            )
        listed = self._management.get(
            f"queues/{escaped(self._vhost)}", until - self._clock.now(), page="1", page_size="100",
            name=self._settings.queue,
        )  # fmt: skip
        found = [each for each in listed.get("items", ()) if each.get("name") == self._settings.queue]
        if not found or found[0].get("messages_ready") is None:
            raise BackendError(
                f"{where}: its statistics are disabled (management.disable_stats): set management.enable_queue_totals ="
                " true for what waits and is held, or give an amqp:// address for what waits"
            )
        figures = figures_of(found[0])
        return Reading(
            backlog=float(figures.ready or 0),
            in_flight=float(figures.unacknowledged),
            remarks=(
                "the server's statistics are disabled (management.disable_stats): what came and went is estimated",
            ),
        )
