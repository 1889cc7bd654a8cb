"""TLS with a certificate that one has made oneself: trusted where one says so, and one line where one does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pika
import pytest
import redis
from pydantic import ValidationError

from autoscaling_env.errors import BackendError
from operate.kinds import source_kinds
from operate.source import Source
from operate.sources.celery.asked import ask
from operate.sources.celery.settings import CelerySettings
from tests.operate.brokers import SECRET, RunningRabbit
from tests.operate.certificates import Certificate
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.live
QUEUE = "behind tls"


@pytest.fixture(scope="module")
def secret_redis(certificate: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that speaks nothing but TLS: Debian's, since the one that comes with pip has none."""
    program = shutil.which("redis-server")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no redis-server: apt-get install it")
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    files = ["--tls-cert-file", str(certificate.file), "--tls-key-file", str(certificate.key)]
    files += ["--tls-ca-cert-file", str(certificate.file), "--tls-auth-clients", "no", "--dir", str(folder)]
    command = [program, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--save", "", *files]
    url = f"rediss://127.0.0.1:{port}/0"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            with redis.Redis.from_url(url, ssl_ca_certs=str(certificate.file)) as owner:
                until(lambda: _answers(owner), "the server answers")
                owner.rpush("jobs", "a", "b", "c")
            yield url
        finally:
            server.kill()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


@pytest.fixture(scope="module")
def filled(rabbit: RunningRabbit) -> Iterator[RunningRabbit]:
    connection = pika.BlockingConnection(pika.URLParameters(rabbit.url))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True)
    for _ in range(3):
        channel.basic_publish("", QUEUE, b"1")
    yield rabbit
    channel.queue_delete(QUEUE)
    connection.close()


def opened(source: dict[str, Any]) -> Source:
    kind = source_kinds()[source["kind"]]
    return kind.open(kind.settings.model_validate(source))


def of_rabbit(rabbit: RunningRabbit, kind: str) -> dict[str, Any]:
    """Return settings of a source that asks by TLS."""
    amqps = f"amqps://owner:{SECRET}@localhost:{rabbit.amqps_port}"
    https = f"https://watcher:{SECRET}@localhost:{rabbit.https_port}"
    settings: dict[str, dict[str, Any]] = {
        "management": {"kind": "rabbitmq", "url": https, "queue": QUEUE, "sampled_every": 1.0},
        "amqp": {"kind": "rabbitmq", "url": amqps, "queue": QUEUE},
        "celery": {"kind": "celery", "url": f"{amqps}//", "queues": [QUEUE], "events": False},
        "celery managed": {
            "kind": "celery", "url": f"{amqps}//", "queues": [QUEUE], "events": False, "management_url": https,
        },
    }  # fmt: skip
    return settings[kind]


@pytest.mark.parametrize("kind", ["management", "amqp", "celery", "celery managed"])
def test_rabbitmq_is_read_by_tls_where_its_certificate_is_trusted(
    filled: RunningRabbit, certificate: Certificate, kind: str
) -> None:
    source = of_rabbit(filled, kind)
    with closing(opened(source | {"ca_file": str(certificate.file)})) as trusting:
        until(lambda: _backlog(trusting) == 3, "all is seen")
    with closing(opened(source)) as doubting, pytest.raises(BackendError) as caught:
        doubting.read()
    assert "its certificate is not trusted: set source.ca_file" in str(caught.value)
    assert SECRET not in str(caught.value)


def _backlog(source: Source) -> float | None:
    try:
        return source.read().backlog
    except BackendError:
        return None


def test_events_come_by_tls_and_workers_are_asked_by_it(filled: RunningRabbit, certificate: Certificate) -> None:
    given = of_rabbit(filled, "celery") | {"events": True, "ca_file": str(certificate.file)}
    channel = pika.BlockingConnection(pika.URLParameters(filled.url)).channel()
    channel.exchange_declare("celeryev", "topic", durable=True)
    with closing(opened(given)) as source:
        until(lambda: not [each for each in source.read().remarks if "not heard" in each], "it listens")
    with pytest.raises(Exception, match="certificate"):
        ask(CelerySettings.model_validate(given | {"ca_file": ""}))
    assert isinstance(ask(CelerySettings.model_validate(given)), list)
    channel.connection.close()


@pytest.mark.parametrize("kind", ["redis_list", "celery", "rq"])
def test_redis_is_read_by_tls_where_its_certificate_is_trusted(
    secret_redis: str, certificate: Certificate, kind: str
) -> None:
    queue: dict[str, Any] = {"key": "jobs"} if kind == "redis_list" else {"queues": ["jobs"]}
    source = {"kind": kind, "url": secret_redis} | queue
    with closing(opened(source | {"ca_file": str(certificate.file)})) as trusting:
        assert trusting.read().backlog == (0 if kind == "rq" else 3)
    with closing(opened(source)) as doubting, pytest.raises(BackendError, match=r"certificate.*ca_file"):
        doubting.read()


def test_celery_on_redis_is_listened_to_and_asked_by_tls(secret_redis: str, certificate: Certificate) -> None:
    own = {"kind": "celery", "url": secret_redis, "queues": ["jobs"], "ca_file": str(certificate.file)}
    as_celery = own | {"url": f"{secret_redis}?ssl_cert_reqs=CERT_REQUIRED&ssl_ca_certs={certificate.file}"}
    for given in (own, {name: value for name, value in as_celery.items() if name != "ca_file"}):
        with closing(opened(given)) as source:
            source.read()
            time.sleep(0.5)
            until(lambda: not [each for each in source.read().remarks if "not heard" in each], "it listens")
        assert ask(CelerySettings.model_validate(given)) == []


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "redis_list", "url": "redis://h", "key": "jobs"},
        {"kind": "rabbitmq", "url": "amqp://h", "queue": "jobs"},
        {"kind": "rabbitmq", "url": "http://h:15672", "queue": "jobs"},
        {"kind": "celery", "url": "amqp://h", "queues": ["jobs"]},
    ],
)
def test_who_may_vouch_is_refused_where_no_tls_is_spoken(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="ca_file is for"):
        opened(given | {"ca_file": str(tmp_path / "ca.pem")})
