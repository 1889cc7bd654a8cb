"""What `operate check` says of a queue in RabbitMQ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.amqp import Amqp
from operate.sources.rabbitmq.consumers import COLUMNS, Consumers, consumers_of
from operate.sources.rabbitmq.figures import WORKING
from operate.sources.rabbitmq.limits import fed_by, limits_of, removals
from operate.sources.rabbitmq.management import NEEDS, Management, NotThereError, escaped
from operate.sources.rabbitmq.settings import RabbitSettings

#: Seconds that a question may take, and all of them.
ASK_S, WITHIN_S = 2.0, 10.0
#: Queues whose dead letters are looked after.
MOST_QUEUES = 500
ONE_AT_A_TIME = "call basic_qos(prefetch_count=1) on the channel before basic_consume"


def examine(settings: RabbitSettings) -> Sequence[Finding]:
    """Look at the server, the account, the queue and its consumers."""
    try:
        if settings.by_amqp:
            return _by_amqp(settings)
        with closing(Management(settings)) as management:
            promptly = Promptly(management.where, management.hang_up, WITHIN_S)
            return promptly(lambda: list(_look(settings, management)))
    except NotThereError as error:
        return [
            Finding("queue", False, str(error), "correct source.queue and source.vhost, or let a worker declare it")
        ]
    except AutoscalingError as error:
        return [Finding("RabbitMQ", False, str(error), "correct source.url, or start the server")]


def _by_amqp(settings: RabbitSettings) -> list[Finding]:
    with closing(Amqp(settings, settings.virtual_host)) as amqp:
        promptly = Promptly(amqp.where, amqp.hang_up)
        waiting, consumers = promptly(lambda: amqp.waiting(settings.queue))
        found = [Finding("queue", True, f"{settings.queue!r} at {amqp.where}: {waiting} wait, {consumers} consumers")]
    detail = (
        "AMQP tells what waits and nothing of what workers hold; give source.url the management's address"
        " (http://host:15672) where there is one"
    )
    return [*found, Finding("by AMQP alone", True, detail)]


def _look(settings: RabbitSettings, management: Management) -> Iterator[Finding]:
    overview = management.get("overview", ASK_S)
    yield _account(management, overview)
    if (finding := _statistics(settings, overview)) is not None:
        yield finding
    vhost = settings.virtual_host
    told = management.queue(vhost, settings.queue, ASK_S, columns=",".join(COLUMNS))
    yield _queue(settings, told)
    if said := removals(told):
        yield Finding("limits", True, f"{'; '.join(said)}. Nobody counts such tasks as finished")
    if feeding := _feeding(management, settings.queue, vhost):
        detail = f"dead letters of {', '.join(feeding)} come here, and nobody counts them as published"
        yield Finding("arrivals", True, f"{detail}: arrivals are estimated from the rest while that makes a difference")
    yield from _consumers(consumers_of(management, told, ASK_S))
    yield _timeout(told)


def _account(management: Management, overview: Mapping[str, Any]) -> Finding:
    whoami = management.get("whoami", ASK_S)
    tags = whoami.get("tags", ())
    tags = tags.split(",") if isinstance(tags, str) else list(tags)
    name, version = whoami.get("name"), overview.get("rabbitmq_version", "of unknown version")
    detail = f"{management.where}, {version}, as {name!r} ({', '.join(tags) or 'without a tag'})"
    if not {"monitoring", "administrator"} & set(tags):
        return Finding("RabbitMQ", True, f"{detail}; without the tag `monitoring` it sees only its own virtual hosts")
    if "administrator" in tags:
        detail = f"{detail}; it may do far more than look: {NEEDS} and nothing else"
    return Finding("RabbitMQ", True, detail)


def _statistics(settings: RabbitSettings, overview: Mapping[str, Any]) -> Finding | None:
    what, every_s = "statistics", settings.sampled_every
    if overview.get("disable_stats"):
        known = "what waits and is held is known" if overview.get("enable_queue_totals") else "nothing is known"
        remedy = "rabbitmq.conf: management.disable_stats = false, or at least management.enable_queue_totals = true"
        return Finding(what, False, f"they are disabled (management.disable_stats): {known}", remedy)
    if overview.get("rates_mode") == "none":
        return Finding(
            what,
            False,
            "nothing that comes and goes is counted (management.rates_mode = none)",
            "rabbitmq.conf: management.rates_mode = basic",
        )
    detail = f"sampled every {every_s:g} s, as source.sampled_every says; figures are up to {2 * every_s:g} s old"
    if every_s >= 5:
        detail = (
            f"{detail}. collect_statistics_interval = 1000 in rabbitmq.conf makes them younger (quorum queues:"
            " quorum_tick_interval); then set source.sampled_every: 1"
        )
    return Finding(what, True, detail)


def _queue(settings: RabbitSettings, told: Mapping[str, Any]) -> Finding:
    kind, state = str(told.get("type") or "classic"), str(told.get("state") or "")
    name = f"{settings.queue!r} in virtual host {settings.virtual_host!r}"
    if kind == "stream":
        return Finding("queue", False, f"{name} is a stream", "name a classic or quorum queue in source.queue")
    if state not in WORKING:
        why = (
            "start the node that has it" if kind == "classic" else "start the nodes that have it: it needs most of them"
        )
        return Finding("queue", False, f"{name} is {state}", why)
    ready, held = told.get("messages_ready"), told.get("messages_unacknowledged")
    figures = "no figures yet" if ready is None else f"{ready} wait, {held} are held"
    return Finding("queue", True, f"{name} is a {kind} queue: {figures}")


def _feeding(management: Management, queue: str, vhost: str) -> list[str]:
    try:
        listed = management.get(
            f"queues/{escaped(vhost)}", ASK_S, page="1", page_size=str(MOST_QUEUES),
            columns="name,vhost,arguments,effective_policy_definition",
        )  # fmt: skip
    except BackendError:
        return []  # it is only a hint
    return list(fed_by(queue, vhost, listed.get("items", ())))


def _consumers(consumers: Consumers) -> Iterator[Finding]:
    """Say what consumers hide from whoever counts; what they lose is said where workers are advised."""
    what = "consumers"
    if not consumers.count:
        yield Finding(what, True, "none now: whether they acknowledge, and how many they take at once, cannot be seen")
        return
    if consumers.careless:
        detail = (
            f"{consumers.careless} of {consumers.count} acknowledge nothing (auto-ack): whatever comes is handed out at"
            " once, nothing waits, and nobody knows what is being worked on"
        )
        yield Finding(what, False, detail, "basic_consume(auto_ack=False), and basic_ack when the task is finished")
    if consumers.unlimited:
        detail = (
            f"{consumers.unlimited} of {consumers.count} take any number of tasks at once: {consumers.held} tasks are"
            " held by now, most of them only wait there, and a new worker gets none of them"
        )
        yield Finding("prefetch", False, detail, ONE_AT_A_TIME)
    elif consumers.prefetch > 1:
        detail = (
            f"up to {consumers.prefetch} tasks at once: what waits behind the task in hand counts as in flight, and a"
            f" new worker gets none of it. Where a worker does one at a time, {ONE_AT_A_TIME}"
        )
        yield Finding("prefetch", True, detail)
    elif consumers.prefetch:
        yield Finding("prefetch", True, f"{consumers.count} consumers take one task at a time")


def _timeout(told: Mapping[str, Any]) -> Finding:
    limit = limits_of(told).get("consumer-timeout")
    if limit is None:
        known = "30 min unless rabbitmq.conf has another consumer_timeout, which the server does not tell"
    else:
        known = f"{float(limit) / 1000:g} s"
    detail = f"{known}: a task that is not acknowledged by then is handed out again, and its worker's channel is closed"
    return Finding("consumer timeout", True, detail)
