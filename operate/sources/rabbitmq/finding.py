"""Which queues `operate init` finds in a RabbitMQ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from autoscaling_env.errors import BackendError
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.amqp import Amqp
from operate.sources.rabbitmq.management import Management, NoManagementError, escaped
from operate.sources.rabbitmq.settings import AMQP, RabbitServer

#: Most queues that are suggested, those with most waiting first, and looked at.
MOST, LOOKED_AT = 20, 500
#: Seconds that a question may take.
ASK_S = 2.0
LIST = {
    "page": "1", "page_size": str(LOOKED_AT), "sort": "messages_ready", "sort_reverse": "true",
    "columns": "name,vhost,type,exclusive,messages_ready",
}  # fmt: skip
#: Queues that are no work: what Celery tells its workers and callers, and what a server names itself.
NO_WORK = re.compile(r"^(celeryev(\.|$)|amq\.)|\.celery\.pidbox$")
#: Where a management is looked for that nobody has named.
PORTS = {"http": 15672, "https": 15671}


def find(url: str) -> Sequence[Mapping[str, Any]]:
    """Return settings for the queues of a server, those with most waiting first; none where another kind answers.

    By AMQP no queue can be listed, so at such an address the management is looked for at its usual port.

    Raises:
        BackendError: it cannot be asked.
    """
    if urlsplit(url).scheme not in AMQP:
        try:
            return _listed(url, None)
        except NoManagementError:
            return ()
    vhost = unquote(urlsplit(url).path[1:]) or None
    for candidate in managements(url):
        with suppress(BackendError):
            return _listed(candidate, vhost)
    server = RabbitServer(url=url)
    with closing(Amqp(server, vhost or "/")) as amqp:
        Promptly(amqp.where, amqp.hang_up)(amqp.connect)
        ports = " or ".join(map(str, PORTS.values()))
        raise BackendError(
            f"{amqp.where}: it answers, and no management does at its port {ports}; by AMQP nobody can list queues:"
            " give --url the management's address, or write the queue's name into source.queue"
        )


def _listed(url: str, vhost: str | None) -> list[Mapping[str, Any]]:
    with closing(Management(RabbitServer(url=url))) as management:
        path = "queues" if vhost is None else f"queues/{escaped(vhost)}"
        promptly = Promptly(management.where, management.hang_up)
        listed = promptly(lambda: management.get(path, ASK_S, **LIST))
    if not isinstance(listed, dict) or not isinstance(listed.get("items"), list):
        raise NoManagementError(f"{management.where}: its list of queues is none of RabbitMQ")
    queues = [each for each in listed["items"] if is_work(each)]
    queues.sort(key=lambda each: (-(each.get("messages_ready") or 0), each["name"]))
    return [
        {"kind": "rabbitmq", "url": url, "queue": each["name"]}
        | ({"vhost": each["vhost"]} if each.get("vhost", "/") != "/" else {})
        for each in queues[:MOST]
    ]


def is_work(queue: Mapping[str, Any]) -> bool:
    """Return whether somebody's tasks are in a queue that the management lists."""
    return not (queue.get("exclusive") or queue.get("type") == "stream" or NO_WORK.search(queue["name"]))


def managements(url: str) -> list[str]:
    """Return where the management of the server at an AMQP address may be, likeliest first."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    name = host.rpartition(":")[0] if parts.port is not None else host
    schemes = ("https", "http") if parts.scheme == "amqps" else ("http", "https")
    return [f"{scheme}://{userinfo}{at}{name}:{PORTS[scheme]}" for scheme in schemes]
