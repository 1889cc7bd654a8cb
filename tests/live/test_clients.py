"""Addresses: what is printed of them, and what is refused."""

from __future__ import annotations

import pytest

from autoscaling_env.errors import InputError
from live.clients import command_client, shown


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("redis://h:6379/3", "redis://h:6379/3"),
        ("unix:///tmp/x.sock", "unix:///tmp/x.sock"),
        ("redis://u:pw@h:6379/3", "redis://u:***@h:6379/3"),
        ("redis://:pw@h", "redis://:***@h"),
        ("redis://h/0?password=pw&db=2", "redis://h/0?password=***&db=2"),
        ("redis://[pw", "(not an address)"),
    ],
)
def test_a_password_is_never_printed(url: str, printed: str) -> None:
    assert shown(url) == printed
    assert "pw" not in shown(url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("localhost:6379", "write redis://host:port/db"),
        ("redis://h:port", "write redis://host:port/db"),
        ("redis://[::1", "write redis://host:port/db"),
        ("redis://h/mine", "database 'mine' is not a number"),
        ("redis://u:pw@h/mine?x=1", "database 'mine' is not a number"),
        ("", "write redis://host:port/db"),
    ],
)
def test_an_address_that_is_none_is_one_line(url: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        command_client(url)
    assert len(str(caught.value).splitlines()) == 1
    assert "pw" not in str(caught.value)
