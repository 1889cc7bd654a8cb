"""Where a Celery's broker is, and which of its queues are meant."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from autoscaling_env.config.base import Section
from operate.sources.rabbitmq.settings import RabbitServer, RabbitSettings
from operate.sources.redis.server import RedisSection
from operate.sources.web import web_address

REDIS = ("redis", "rediss", "unix", "redis+socket")
AMQP = ("amqp", "amqps", "pyamqp")
#: Addresses at which TLS is spoken.
SECURE = ("rediss://", "amqps://", "https://")
#: How Celery writes the check of a certificate -> how redis-py does.
_CHECKS = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}
#: How kombu's Redis transport stores priorities, unless it is told otherwise.
STEPS, SEP = (0, 3, 6, 9), "\x06\x16"


def _broker_url(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    if not colon or scheme not in REDIS + AMQP:
        raise ValueError(f"must begin with one of {', '.join(f'{each}://' for each in REDIS + AMQP)}")
    try:
        parts = urlsplit(url)
        named = scheme in REDIS or (bool(parts.hostname) and (parts.port is None or parts.port > 0))
    except ValueError as error:
        raise ValueError(f"is no address: {error}") from None
    if not named:
        raise ValueError("must name a host, such as amqp://rabbitmq:5672//")
    if scheme in AMQP and (parts.query or parts.fragment):
        raise ValueError("must end with the virtual host: a query or fragment would be lost")
    return url


Name = Annotated[str, Field(min_length=1)]
#: A configuration file has lists where Python has tuples.
Names = Annotated[tuple[Name, ...], Field(strict=False, min_length=1, max_length=100)]
Step = Annotated[int, Field(ge=0, le=255)]
BrokerUrl = Annotated[str, AfterValidator(_broker_url)]


class CelerySettings(Section):
    """Queues of Celery that one group of workers empties."""

    kind: Literal["celery"] = "celery"
    """Queues of Celery."""
    url: BrokerUrl
    """The broker as Celery's broker_url has it: redis://, rediss://, redis+socket://, unix://, amqp:// or amqps://."""
    password_file: str = ""
    """File that holds the password, if it is not in the address."""
    ca_file: str = ""
    """With rediss://, amqps:// and https://: certificates of who may vouch for the server; empty: the system's."""
    management_url: str = ""
    """RabbitMQ's management, http(s)://user:password@host:15672: it says when producers are blocked, and with
    events: false counts what comes and tells what workers hold; empty: it is not asked."""
    sampled_every: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Seconds between two samples of the management's statistics, RabbitMQ's collect_statistics_interval."""
    queues: Names = ("celery",)
    """Queues of which these workers take; what waits in them is added up."""
    events: bool = True
    """Listen to events of tasks and workers; false: nothing but the length of the queues is known."""
    workers: Names = ("*",)
    """Names of the workers that serve these queues, such as mail@*: events of others are left out."""
    silent_after: Annotated[float, Field(ge=5, le=1e6)] = 60.0
    """Seconds without a word from a worker after which it is taken as gone, with all that it held."""
    event_exchange: Name = "celeryev"
    """As Celery's event_exchange."""
    global_keyprefix: str = ""
    """On Redis, as global_keyprefix in Celery's broker_transport_options."""
    fanout_prefix: bool = True
    """On Redis, as fanout_prefix in Celery's broker_transport_options."""
    priority_steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1, max_length=256)] = STEPS
    """On Redis, as priority_steps in Celery's broker_transport_options."""
    sep: str = SEP
    """On Redis, as sep in Celery's broker_transport_options: what stands between a queue and its priority."""
    visibility_timeout: Annotated[float, Field(gt=0, le=1e9)] = 3600.0
    """On Redis, as visibility_timeout in Celery's broker_transport_options, seconds; `operate check` looks at it."""
    result_backend: str = ""
    """A Redis in which Celery keeps results (its result_backend): `autoscale history` reads them; empty: none."""

    @field_validator("management_url")
    @classmethod
    def _web(cls, url: str) -> str:
        return web_address(url, "http://watcher@rabbitmq:15672") if url else url

    @field_validator("result_backend")
    @classmethod
    def _redis(cls, url: str) -> str:
        if url and url.partition("://")[0] not in REDIS:
            raise ValueError("only results in Redis can be read: redis://, rediss://, redis+socket:// or unix://")
        return url

    @model_validator(mode="after")
    def _whole(self) -> CelerySettings:
        if len(set(self.queues)) < len(self.queues):
            raise ValueError("queues names one of them twice")
        if list(self.priority_steps) != sorted(set(self.priority_steps)):
            raise ValueError("priority_steps must rise, as kombu has them: [0, 3, 6, 9]")
        on_redis = ("global_keyprefix", "fanout_prefix", "priority_steps", "sep", "visibility_timeout")
        on_rabbit = ("management_url", "sampled_every")
        given = [name for name in (on_rabbit if self.on_redis else on_redis) if name in self.model_fields_set]
        if given:
            other = "RabbitMQ" if self.on_redis else "Redis"
            raise ValueError(f"{given[0]} is for a broker on {other}, and url is another one: leave it out")
        if self.ca_file and not any(url.startswith(SECURE) for url in (self.url, self.management_url)):
            raise ValueError(f"ca_file is for {', '.join(SECURE)}, which are TLS: leave it out")
        return self

    @property
    def on_redis(self) -> bool:
        """The broker is Redis."""
        return self.url.partition("://")[0] in REDIS

    @property
    def redis(self) -> RedisSection:
        """The broker as what reads Redis takes it."""
        return RedisSection(url=redis_url(self.url), password_file=self.password_file, ca_file=self._ca_of(self.url))

    @property
    def rabbit(self) -> RabbitServer:
        """The broker as what asks RabbitMQ takes it."""
        parts = urlsplit(self.url)
        scheme = "amqps" if parts.scheme == "amqps" else "amqp"
        rest = parts._replace(scheme=scheme, path=f"/{quote(self.vhost, safe='')}").geturl()
        return RabbitServer(url=rest, password_file=self.password_file, ca_file=self._ca_of(rest))

    @property
    def vhost(self) -> str:
        """RabbitMQ's virtual host; Celery writes `/` as //."""
        return vhost_of(self.url)

    def managed(self) -> list[RabbitSettings]:
        """Return each queue as RabbitMQ's management tells of it; none where it is not to be asked."""
        if not self.management_url:
            return []
        url = self.management_url
        given = {
            "url": url, "vhost": self.vhost, "sampled_every": self.sampled_every, "ca_file": self._ca_of(url),
            "password_file": "" if urlsplit(url).password else self.password_file,
        }  # fmt: skip
        return [RabbitSettings.model_validate(given | {"queue": queue}) for queue in self.queues]

    def _ca_of(self, url: str) -> str:
        return self.ca_file if url.startswith(SECURE) else ""

    def keys(self, queue: str) -> list[str]:
        """Return the lists on Redis in which a queue's tasks wait, one for each priority."""
        return [f"{self.global_keyprefix}{queue}{f'{self.sep}{step}' if step else ''}" for step in self.priority_steps]

    def serves(self, worker: str) -> bool:
        """Whether a worker of this name is one of those that are meant."""
        return any(fnmatchcase(worker, each) for each in self.workers)


def vhost_of(url: str) -> str:
    """Return RabbitMQ's virtual host in an address of Celery's."""
    return unquote(urlsplit(url).path[1:]) or "/"


def redis_url(url: str) -> str:
    """Return an address as redis-py reads it; Celery has another word for a socket, and for how TLS is checked."""
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        asked = [(name, _CHECKS.get(value, value) if name == "ssl_cert_reqs" else value) for name, value in _query(url)]
        return parts._replace(query=urlencode(asked, safe="/")).geturl()
    if not url.startswith("redis+socket://"):
        return url
    database = parse_qs(parts.query).get("virtual_host", ["0"])[0].strip("/")
    user = parts.netloc.rpartition("@")[0]
    return f"unix://{user}{'@' if user else ''}{parts.path}?db={database or 0}"


def celery_url(url: str, password: str = "", ca_file: str = "") -> str:
    """Return an address as Celery reads it, with the password in it where one is given, and who vouches for rediss://.

    Left to itself Celery checks no certificate there, which nobody wants.
    """
    parts = urlsplit(url)
    if password:
        host = parts.netloc.rpartition("@")[2]
        user = (parts.username or "") if parts.scheme not in AMQP else (parts.username or "guest")
        parts = parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}")
    if parts.scheme == "rediss":
        own = {"ssl_cert_reqs": "required"} | ({"ssl_ca_certs": ca_file} if ca_file else {})
        parts = parts._replace(query=urlencode(own | dict(_query(url)), safe="/"))
    if parts.scheme == "unix":
        database = parse_qs(parts.query).get("db", ["0"])[0]
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
    return parts.geturl()


def _query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)
