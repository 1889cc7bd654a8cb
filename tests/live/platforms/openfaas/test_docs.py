"""``docs/openfaas.md``: its configuration is valid, and its commands are run against the tests' gateway."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autoscaling_env.config import Config
from autoscaling_env.config.loading import load_config
from cli.main import app
from tests.docs.test_blocks import ROOT, blocks
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.kubelet import Forking

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.docs]

PAGE = blocks(ROOT / "docs" / "openfaas.md")
COMMANDS = [line for block in PAGE if block.language == "bash" for line in block.text.splitlines()]


def test_every_block_says_what_it_is() -> None:
    assert {block.language for block in PAGE} == {"bash", "yaml", "text"}
    assert len(COMMANDS) == 5


def test_the_page_runs(
    make_gateway: Callable[..., GatewayServer],
    config: Callable[..., Config],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The page's configuration with the addresses of this test; every command ends well and nothing is left."""
    gateway = make_gateway(kubelet=Forking())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("live.platforms.openfaas.doctor.OWN_POD", frozenset())  # pods of this test are on this machine
    (written,) = (block.text for block in PAGE if block.language == "yaml")
    Path("openfaas.yml").write_text(written)
    stated, here = load_config(Path("openfaas.yml")).live, config(gateway).live
    for said, meant in (
        (stated.redis_url, here.redis_url),
        (stated.openfaas.redis_url, here.redis_url),
        (stated.openfaas.gateway, here.openfaas.gateway),
        (stated.openfaas.password_file, here.openfaas.password_file),
    ):
        assert said
        assert meant
        written = written.replace(f" {said}", f" {meant}")
    Path("openfaas.yml").write_text(written)
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "autoscale"
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, f"{command}: {done.output} {done.exception!r}"
    assert gateway.provider.listing() == []
