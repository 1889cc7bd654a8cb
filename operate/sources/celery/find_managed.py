"""Which queues of Celery the management of a RabbitMQ names: where workers tell of themselves, in a virtual host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from typing import Any
from urllib.parse import quote, urlsplit

from autoscaling_env.errors import BackendError
from operate.sources.celery.settings import vhost_of
from operate.sources.promptly import Promptly
from operate.sources.rabbitmq.finding import ASK_S, LIST, MOST, is_work
from operate.sources.rabbitmq.management import Management, NoManagementError, escaped
from operate.sources.rabbitmq.settings import RabbitServer

#: Seconds for all questions.
WITHIN_S = 10.0
#: The exchange of Celery's events, as it is called unless somebody configured another.
EVENTS = "celeryev"
#: What listens for AMQP, as the management calls it -> how an address begins.
LISTENERS = {"amqp": "amqp", "amqp/ssl": "amqps"}


def find_managed(url: str, broker: str = "") -> list[dict[str, Any]]:
    """Return settings for the queues of Celery, the longest first.

    Args:
        url: of the management.
        broker: the broker's address with its virtual host, where it is known; "": as the management tells it.

    Raises:
        NoManagementError: another kind of server answers there.
        BackendError: nobody does, or the account may not ask.
    """
    with closing(Management(RabbitServer(url=url))) as management:
        promptly = Promptly(management.where, management.hang_up, WITHIN_S)
        return promptly(lambda: _found(management, url, broker))


def _found(management: Management, url: str, broker: str) -> list[dict[str, Any]]:
    listed = management.get("queues", ASK_S, **LIST)
    if not isinstance(listed, dict) or not isinstance(listed.get("items"), list):
        raise NoManagementError(f"{management.where}: its list of queues is none of RabbitMQ")
    only = None if not broker else vhost_of(broker)
    queues = [each for each in listed["items"] if is_work(each) and only in {None, each.get("vhost", "/")}]
    bound = {vhost: _exchanges(management, vhost) for vhost in {each.get("vhost", "/") for each in queues}}
    # Celery gives each queue an exchange of its own, of the same name.
    celerys = [each for each in queues if each["name"] in bound[each.get("vhost", "/")]]
    if not celerys:
        return []
    address = broker or _broker(management, url)
    order = sorted(celerys, key=lambda each: (-(each.get("messages_ready") or 0), each["name"]))
    return [_suggested(address, url, each) for each in order[:MOST]] if address else []


def _exchanges(management: Management, vhost: str) -> frozenset[str]:
    """Return the names of direct exchanges where events of Celery are, else none."""
    told = management.get(f"exchanges/{escaped(vhost)}", ASK_S, columns="name,type")
    names = {each["name"]: each.get("type") for each in told if isinstance(each, dict)}
    return frozenset(name for name, kind in names.items() if kind == "direct") if EVENTS in names else frozenset()


def _broker(management: Management, url: str) -> str:
    """Return the broker's address as the management tells it, with the account by which the management was asked."""
    told = management.get("overview", ASK_S, columns="listeners")
    ports: Mapping[str, int] = {each["protocol"]: each["port"] for each in told.get("listeners", ())}
    parts = urlsplit(url)
    userinfo, at, _ = parts.netloc.rpartition("@")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    for protocol, scheme in LISTENERS.items():
        if protocol in ports:
            return f"{scheme}://{userinfo}{at}{host}:{ports[protocol]}"
    return ""


def _suggested(broker: str, management: str, queue: Mapping[str, Any]) -> dict[str, Any]:
    name, vhost = queue["name"], queue.get("vhost", "/")
    url = urlsplit(broker)._replace(path=f"/{quote(vhost, safe='')}").geturl()
    return {"kind": "celery", "url": url, "management_url": management, "queues": [name], "found": {"covers": [name]}}


def found_beside(url: str, candidates: Sequence[str]) -> list[dict[str, Any]]:
    """Return the queues that a management beside a broker names, the first that answers; none where none does."""
    for candidate in candidates:
        with suppress(BackendError):
            return find_managed(candidate, url)
    return []
