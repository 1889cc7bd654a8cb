"""Which queue of which RabbitMQ, and as whom it is asked."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from autoscaling_env.config.base import Section
from autoscaling_env.secrets import without_passwords
from operate.sources.secret import password_in
from operate.sources.web import web_address

#: Addresses of the management, and of the queues themselves.
MANAGEMENT, AMQP = ("http", "https"), ("amqp", "amqps")
EXAMPLES = "http://rabbitmq:15672 (its management, which knows most) or amqp://rabbitmq:5672"


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        by_amqp = parts.scheme in AMQP and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        by_amqp = False
    if not by_amqp:
        return web_address(url, EXAMPLES)
    if "/" in parts.path[1:]:
        raise ValueError("must end with the virtual host, / in it written as %2F: amqp://rabbitmq:5672/%2F")
    if parts.query or parts.fragment:
        raise ValueError("must end with the virtual host: a query or fragment would be lost")
    return url


class RabbitServer(Section):
    """Where a RabbitMQ answers, and as whom we ask."""

    url: Annotated[str, AfterValidator(_address)]
    """http(s)://host:15672, its management, with a path where it has one; or amqp(s)://host:5672/vhost, which tells
    what waits and nothing else. An account that may only look is enough: its tag `monitoring`, no permissions."""
    password_file: str = ""
    """File that holds the password, if it is not in the address."""
    ca_file: str = ""
    """Certificates of who may vouch for the server; empty: the system's."""

    @model_validator(mode="after")
    def _vouched(self) -> Self:
        if self.ca_file and urlsplit(self.url).scheme not in {"https", "amqps"}:
            raise ValueError("ca_file is for https:// and amqps://, which are TLS, and url has none: leave it out")
        return self

    @property
    def by_amqp(self) -> bool:
        """The address is not the management's."""
        return urlsplit(self.url).scheme in AMQP

    @property
    def shown(self) -> str:
        """The address without user and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    def account(self) -> tuple[str, str]:
        """Return user and password; RabbitMQ's own where the address names none.

        Raises:
            InputError: the file with the password cannot be read.
        """
        parts = urlsplit(self.url)
        user, password = unquote(parts.username or "guest"), unquote(parts.password or "")
        if self.password_file:
            return user, password_in(self.password_file)
        return user, password or ("guest" if user == "guest" else "")


class RabbitSettings(RabbitServer):
    """A queue in a RabbitMQ, classic or quorum."""

    kind: Literal["rabbitmq"] = "rabbitmq"
    """A queue in RabbitMQ."""
    queue: Annotated[str, Field(min_length=1, max_length=255)]
    """Its name."""
    vhost: str = ""
    """Its virtual host; empty: the one in an AMQP address, else `/`."""
    sampled_every: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Seconds between two samples of the server's own statistics, its `collect_statistics_interval`."""

    @model_validator(mode="after")
    def _one_vhost(self) -> RabbitSettings:
        named = urlsplit(self.url).path[1:] if self.by_amqp else ""
        if self.vhost and named and unquote(named) != self.vhost:
            raise ValueError(
                f"vhost is {self.vhost!r}, and {without_passwords(self.url)} names {unquote(named)!r}: say it once"
            )
        return self

    @property
    def virtual_host(self) -> str:
        """The virtual host, wherever it is named."""
        named = urlsplit(self.url).path[1:] if self.by_amqp else ""
        return self.vhost or unquote(named) or "/"
