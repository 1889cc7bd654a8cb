"""What loses work when workers of a queue in RabbitMQ are stopped, and what to set so that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from autoscaling_env.errors import AutoscalingError
from autoscaling_env.farm_kind import Finding
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.consumers import COLUMNS, Consumers, consumers_of
from operate.sources.rabbitmq.limits import limits_of
from operate.sources.rabbitmq.management import Management
from operate.sources.rabbitmq.settings import RabbitSettings
from operate.template import WorkerTemplate

#: Seconds that a question may take, and all of them.
ASK_S, WITHIN_S = 2.0, 10.0
#: A task is given up after so many failures, unless it is said otherwise, from version 4.0 on (quorum queues).
DELIVERY_LIMIT = 20


def advise(settings: RabbitSettings, template: WorkerTemplate | None) -> Sequence[Finding]:
    """Return what is wrong with how these workers take and leave their tasks; nothing where the server is not asked."""
    if settings.by_amqp:
        return advice(None, None, template)
    try:
        with closing(Management(settings)) as management:
            promptly = Promptly(management.where, management.hang_up, WITHIN_S)
            consumers, limit = promptly(lambda: _seen(settings, management))
    except AutoscalingError:
        return ()  # said already by whoever examined the source
    return advice(consumers, limit, template)


def _seen(settings: RabbitSettings, management: Management) -> tuple[Consumers, int | None]:
    told = management.queue(settings.virtual_host, settings.queue, ASK_S, columns=",".join(COLUMNS))
    limit = limits_of(told).get("delivery-limit")
    if limit is None and told.get("type") == "quorum":
        version = str(management.get("overview", ASK_S, columns="rabbitmq_version").get("rabbitmq_version", ""))
        limit = (
            DELIVERY_LIMIT if version.partition(".")[0].isdecimal() and int(version.partition(".")[0]) >= 4 else None
        )
    return consumers_of(management, told, ASK_S), None if limit is None else int(limit)


def advice(consumers: Consumers | None, limit: int | None, template: WorkerTemplate | None) -> list[Finding]:
    """Return what to say of workers.

    Args:
        consumers: what is seen of them; None: nobody sees them.
        limit: times that a task may be handed out in vain; negative or None: any number.
        template: what starts one.
    """
    where = template.where if template is not None else "the workers"
    return [
        _acknowledging(consumers, where),
        *_taking(consumers, where),
        *_repeated(limit, where),
        _leaving(template, where),
    ]


def _acknowledging(consumers: Consumers | None, where: str) -> Finding:
    what = "acknowledgement"
    if consumers is None or not consumers.count:
        detail = (
            f"{where}: no consumer is seen, so nobody knows whether a stopped one loses its task: it does not where"
        )
        return Finding(what, True, f"{detail} it acknowledges (auto_ack=False) after the work and not before")
    if not consumers.careless:
        return Finding(what, True, f"{where}: all {consumers.count} consumers acknowledge: no task of theirs is lost")
    detail = (
        f"{where}: {consumers.careless} of {consumers.count} consumers have auto_ack: every task that such a worker"
    )
    remedy = "basic_consume(queue, work, auto_ack=False), and channel.basic_ack(method.delivery_tag) after the work"
    return Finding(what, False, f"{detail} holds is lost when it is stopped, and nobody hands it out again", remedy)


def _taking(consumers: Consumers | None, where: str) -> list[Finding]:
    what, remedy = "tasks held at once", "channel.basic_qos(prefetch_count=1) before basic_consume"
    if consumers is None or not (consumers.unlimited or consumers.prefetch):
        return []
    if consumers.unlimited:
        detail = f"{where}: {consumers.unlimited} of {consumers.count} consumers hold any number of tasks: one that is"
        return [Finding(what, False, f"{detail} stopped gives back all of them, late, to begin anew elsewhere", remedy)]
    if consumers.prefetch > 1:
        detail = f"{where}: up to {consumers.prefetch}. One that is stopped has to give back those it has not begun"
        return [Finding(what, True, f"{detail} (basic_cancel, then basic_nack with requeue), or to be given the time")]
    return [Finding(what, True, f"{where}: one")]


def _repeated(limit: int | None, where: str) -> list[Finding]:
    if limit is None or limit < 0:
        return []
    detail = (
        f"{where}: a task is removed after {limit} times that it was handed out in vain, and a worker that is killed"
    )
    remedy = "x-delivery-limit: a larger number, and a dead-letter exchange that keeps what is removed"
    few = limit < 5
    return [Finding("delivery limit", not few, f"{detail} with it in hand counts as one", remedy if few else "")]


def _leaving(template: WorkerTemplate | None, where: str) -> Finding:
    asked = template.stop_signal if template is not None else "SIGTERM"
    detail = (
        f"{where}: what it does when it is asked to stop ({asked}) cannot be seen. It should take no more"
        " (basic_cancel, or stop_consuming), finish and acknowledge what it holds, and close its connection; otherwise"
        " the task in its hands is done twice"
    )
    return Finding("at the stop", True, detail)
