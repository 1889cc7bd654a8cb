"""How queues in RabbitMQ announce themselves."""

from __future__ import annotations

from operate.kinds import SourceKind
from operate.reading import Fact
from operate.source import Source
from operate.sources.rabbitmq.advising import advise
from operate.sources.rabbitmq.amqp import AmqpQueue
from operate.sources.rabbitmq.doctor import examine
from operate.sources.rabbitmq.finding import find
from operate.sources.rabbitmq.managed import ManagedQueue
from operate.sources.rabbitmq.settings import AMQP, MANAGEMENT, RabbitSettings


def opened(settings: RabbitSettings) -> Source:
    """Return what reads a queue of these settings, by the way that its address names."""
    return AmqpQueue(settings) if settings.by_amqp else ManagedQueue(settings)


BY_HTTP = "with the management's address (http://host:15672)"
KIND = SourceKind(
    name="rabbitmq",
    summary="a queue in RabbitMQ",
    settings=RabbitSettings,
    open=opened,
    knows={
        Fact.BACKLOG: "always: messages that are ready",
        Fact.IN_FLIGHT: f"{BY_HTTP}: messages that are not acknowledged yet",
        Fact.ARRIVED: f"{BY_HTTP}: messages that were published",
        Fact.COMPLETED: f"{BY_HTTP}: messages that were acknowledged",
    },
    examine=examine,
    advise=advise,
    schemes=(*MANAGEMENT, *AMQP),
    find=find,
    needs=("urllib3", "amqp"),
)
