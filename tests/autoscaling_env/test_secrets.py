"""Passwords do not get into what is passed on: reports and manifests."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoscaling_env.config import default_config
from autoscaling_env.run_folder import RunFolder
from autoscaling_env.secrets import without_passwords


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://:s3cret@db:6379/0", "redis://:***@db:6379/0"),
        ("rediss://farm:s3cret@db", "rediss://farm:***@db"),
        ("redis://:p@ss@db/0", "redis://:***@db/0"),
        ("redis://:it's@db/0", "redis://:***@db/0"),
        ("reds://:s3cret@db/0", "reds://:***@db/0"),
        ("redis://db/0?password=s3cret&protocol=3", "redis://db/0?password=***&protocol=3"),
        ("unix://farm:s3cret@/run/redis.sock?db=1", "unix://farm:***@/run/redis.sock?db=1"),
        ("--set live.redis_url=redis://:s3cret@db/0", "--set live.redis_url=redis://:***@db/0"),
        ("  redis_url: 'redis://:s3cret@db/0'\n  farm: a@b\n", "  redis_url: 'redis://:***@db/0'\n  farm: a@b\n"),
    ],
)
def test_a_password_in_an_address_is_hidden(text: str, expected: str) -> None:
    assert without_passwords(text) == expected


@pytest.mark.parametrize(
    "text", ["redis://db:6379/0", "redis://farm@db:6379/0", "unix:///run/redis.sock", "mail a:b@c", "not an address"]
)
def test_everything_else_stays(text: str) -> None:
    assert without_passwords(text) == text


def test_the_manifest_names_the_command_without_it(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "compare", datetime(2026, 1, 1, tzinfo=UTC))
    command = ["autoscale", "compare", "--set", "live.redis_url=redis://:s3cret@db/0"]
    folder.write_start(default_config(), command=command, seed=1, started=datetime(2026, 1, 1, tzinfo=UTC))
    text = (folder.path / "manifest.json").read_text()
    assert "s3cret" not in text
    assert json.loads(text)["command"][:3] == command[:3]
