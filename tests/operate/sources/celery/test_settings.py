"""Where a broker is, as Celery and as redis-py write it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from operate.sources.celery.settings import CelerySettings, celery_url, redis_url


@pytest.mark.parametrize(
    ("ours", "celerys"),
    [
        ("unix:///run/redis.sock?db=2", "redis+socket:///run/redis.sock?virtual_host=2"),
        ("unix://me:secret@/run/redis.sock?db=0", "redis+socket://me:secret@/run/redis.sock?virtual_host=0"),
        ("redis://:secret@host:6379/1", "redis://:secret@host:6379/1"),
    ],
)
def test_an_address_says_the_same_in_both_ways(ours: str, celerys: str):
    assert celery_url(ours) == celerys
    assert redis_url(celerys) == ours


def test_a_certificate_is_checked_in_both_ways():
    assert celery_url("rediss://host/0") == "rediss://host/0?ssl_cert_reqs=required"
    assert celery_url("rediss://host/0", "s", "/a/ca.pem") == (
        "rediss://:s@host/0?ssl_cert_reqs=required&ssl_ca_certs=/a/ca.pem"
    )
    asked = "rediss://host/0?ssl_cert_reqs=CERT_NONE&ssl_ca_certs=/a/ca.pem"
    assert celery_url(asked) == asked
    assert redis_url(asked) == "rediss://host/0?ssl_cert_reqs=none&ssl_ca_certs=/a/ca.pem"


def test_a_broker_on_rabbitmq_is_what_asks_rabbitmq():
    given: dict[str, Any] = {"url": "pyamqp://me:s@h:1234//", "password_file": "/p", "queues": ["a", "b"]}
    settings = CelerySettings.model_validate(given | {"management_url": "https://me@h", "ca_file": "/c"})
    assert (settings.rabbit.url, settings.vhost) == ("amqp://me:s@h:1234/%2F", "/")
    assert [each.queue for each in settings.managed()] == ["a", "b"]
    assert {each.password_file for each in settings.managed()} == {"/p"}
    assert (settings.rabbit.ca_file, settings.managed()[0].ca_file) == ("", "/c")
    own = CelerySettings.model_validate(given | {"management_url": "http://me:s@h"})
    assert own.managed()[0].password_file == ""
    assert CelerySettings(url="amqps://h/a%2Fb").vhost == "a/b"
    assert CelerySettings(url="amqp://h").managed() == []


def test_a_password_from_a_file_stands_in_the_address():
    assert celery_url("amqp://me@host//", "a/b") == "amqp://me:a%2Fb@host//"
    assert celery_url("amqp://host//", "s") == "amqp://guest:s@host//"


def test_a_queue_is_a_list_for_each_priority():
    settings = CelerySettings(url="redis://h", global_keyprefix="shop:")
    assert settings.keys("mail") == ["shop:mail", "shop:mail\x06\x163", "shop:mail\x06\x166", "shop:mail\x06\x169"]
    other = CelerySettings(url="redis://h", priority_steps=(0, 1), sep=":")
    assert other.keys("mail") == ["mail", "mail:1"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "sentinel://h"}, "must begin with one of redis://"),
        ({"url": "h"}, "must begin with"),
        ({"url": "amqp://h", "global_keyprefix": "a"}, "global_keyprefix is for a broker on Redis"),
        ({"url": "amqp://h/a?heartbeat=10"}, "a query or fragment would be lost"),
        ({"url": "amqp:///a"}, "must name a host"),
        ({"url": "amqp://h", "management_url": "amqp://h"}, "must be an address such as http://watcher@rabbitmq"),
        ({"url": "redis://h", "management_url": "http://h"}, "management_url is for a broker on RabbitMQ"),
        ({"url": "redis://h", "sampled_every": 1}, "sampled_every is for a broker on RabbitMQ"),
        ({"url": "redis://h", "queues": []}, "at least 1"),
        ({"url": "redis://h", "queues": ["a", "a"]}, "twice"),
        ({"url": "redis://h", "priority_steps": [3, 0]}, "must rise"),
        ({"url": "redis://h", "result_backend": "db+postgresql://h"}, "only results in Redis"),
        ({"url": "redis://h", "key": "jobs"}, "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any], said: str):
    with pytest.raises(ValidationError, match=said):
        CelerySettings.model_validate(values)
