"""The page as it is sent: escaped, and alone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from analysis.palette import PALETTE
from operate.config import BoundsConfig, ObjectiveConfig, OperateConfig
from operate.page import Facts
from tests.operate.page.records import facts
from tests.operate.page.served import ask, served

EVIL = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


def test_what_is_configured_is_escaped() -> None:
    with served(of=facts(title=EVIL, source=EVIL, target=EVIL)) as page:
        text = ask(page, "/").text
    assert EVIL not in text
    assert text.count("&lt;script&gt;") == 4


def test_the_page_names_nothing_of_another_place() -> None:
    with served() as page:
        answer = ask(page, "/")
    assert not re.search(r"(?:src|href|url|action)\s*[=(]\s*[\"']?(?:https?:)?//", answer.text)
    addresses = set(re.findall(r"https?://[\w./]+", answer.text)) - {"http://www.w3.org/2000/svg"}
    assert not addresses
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "connect-src 'self'" in policy


def test_the_colours_are_those_of_the_reports() -> None:
    with served() as page:
        text = ask(page, "/").text
    for color in (PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[5]):
        assert color.lower() in text


@pytest.mark.parametrize(
    ("promise", "words"),
    [
        ({"finish_within": "30s", "share": 0.999}, "99.9 % of tasks finished within 30 s, over 1 h"),
        (
            {"start_within": "1m30s", "share": 0.95, "window": "10m"},
            "95 % of tasks started within 1 min 30 s, over 10 min",
        ),
        ({"finish_within": "36h", "window": "720h"}, "99 % of tasks finished within 1 d 12 h, over 30 d"),
    ],
)
def test_the_promise_is_told_in_words(promise: dict[str, Any], words: str) -> None:
    config = OperateConfig(
        source="theirs",
        target="theirs",
        objective=ObjectiveConfig(**promise),
        bounds=BoundsConfig(max=30),
        interval=4.0,
    )
    told = Facts.of(config, "a queue", "a Deployment")
    assert told.promise == words
    assert (told.source, told.target, told.policy, told.mode) == ("a queue", "a Deployment", "hpa", "shadow")
    with served(of=told) as page:
        text = ask(page, "/").text
    assert f"Promised: {words}." in text
    assert 'data-interval="4.0"' in text
    assert 'data-most="30"' in text
