"""Which addresses are taken, and as whom is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from autoscaling_env.errors import InputError
from operate.reading import Fact
from operate.sources.rabbitmq.kind import KIND
from operate.sources.rabbitmq.settings import RabbitSettings


def given(**values):
    return RabbitSettings(**({"url": "http://rabbit:15672", "queue": "jobs"} | values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"url": "rabbit:15672"}, "must be an address such as http://rabbitmq:15672"),
        ({"url": "redis://rabbit"}, "its management, which knows most"),
        ({"url": "amqp://rabbit:99999"}, "must be an address such as"),
        ({"url": "http://rabbit:15672/?x=1"}, "a query or fragment would be lost"),
        ({"url": "amqp://rabbit/a/b"}, "virtual host, / in it written as %2F"),
        ({"url": "amqp://u:sesame@rabbit/shop", "vhost": "other"}, "names 'shop': say it once"),
        ({"queue": ""}, "at least 1 character"),
        ({"sampled_every": 0}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_a_password(values, said):
    with pytest.raises(ValidationError) as caught:
        given(**values)
    (error,) = caught.value.errors()
    assert said in error["msg"]
    assert "sesame" not in error["msg"]


def test_the_virtual_host_stands_in_one_place():
    assert given().virtual_host == "/"
    assert given(vhost="shop").virtual_host == "shop"
    assert given(url="amqp://rabbit/shop").virtual_host == "shop"
    assert given(url="amqp://rabbit/%2F").virtual_host == "/"
    assert given(url="amqps://rabbit", vhost="a/b").virtual_host == "a/b"


def test_the_account_is_the_addresss_or_the_files_or_rabbitmqs_own(tmp_path: Path):
    assert given().account() == ("guest", "guest")
    assert given(url="http://me:p%40ss@rabbit:15672").account() == ("me", "p@ss")
    file = tmp_path / "password"
    file.write_text("sesame\n")
    assert given(url="http://me@rabbit:15672", password_file=str(file)).account() == ("me", "sesame")
    with pytest.raises(InputError, match="the password cannot be read: No such file"):
        given(password_file=str(tmp_path / "none")).account()


def test_what_can_be_known_depends_on_whom_is_asked():
    assert KIND.open(given(url="amqp://rabbit")).knows == {Fact.BACKLOG}
    assert KIND.open(given()).knows == set(KIND.knows)
