"""Farms on the tests' gateway: a real Redis, real processes, and both editions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autoscaling_env.config import Config
from autoscaling_env.config.loading import load_config
from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.settings import with_overrides
from live.platform import FarmSpec
from live.platforms.openfaas.gateway import Gateway
from tests.live.platforms.openfaas.farms import farm_spec, quick_config
from tests.live.platforms.openfaas.gateway import PASSWORD, GatewayServer
from tests.live.platforms.openfaas.kubelet import Pretending
from tests.live.platforms.openfaas.provider import Timing
from tests.live.servers import RunningServer, require_server
from tests.ports import free_port

_numbers = itertools.count()
#: A cluster much quicker than a real one, so that a test takes a second; what is late is so by the clock, not by load.
QUICK = Timing(container_start_s=0.02, probe_initial_s=0.05, probe_period_s=0.05, informer_s=0.06)
CACHE_S = 0.04


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    require_server()
    running = RunningServer()
    yield running
    running.stop()


@pytest.fixture
def make_gateway() -> Iterator[Callable[..., GatewayServer]]:
    made: list[GatewayServer] = []

    def make(timing: Timing = QUICK, **options: Any) -> GatewayServer:
        kubelet = options.pop("kubelet", None) or Pretending()
        made.append(GatewayServer(kubelet, replace(timing), **({"cache_s": CACHE_S} | options)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


@pytest.fixture
def configured(password_file: Path) -> Callable[..., OpenFaasConfig]:
    def configure(gateway: GatewayServer, **options: Any) -> OpenFaasConfig:
        return quick_config(gateway.url, password_file, **options)

    return configure


@pytest.fixture
def client(make_gateway: Callable[..., GatewayServer], configured: Callable[..., OpenFaasConfig]) -> Iterator[Gateway]:
    """A client of a Community Edition gateway without any function."""
    gateway = Gateway(configured(make_gateway()))
    yield gateway
    gateway.close()


@pytest.fixture
def spec(server: RunningServer) -> Callable[..., FarmSpec]:
    return lambda **options: farm_spec(server.url, f"farm-{next(_numbers)}", **options)


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    """A server that pods could reach: one with a port."""
    require_server()
    port = free_port()
    running = RunningServer(port=port)
    yield port
    running.stop()


@pytest.fixture
def config(redis_port: int, password_file: Path) -> Callable[..., Config]:
    def make(gateway: GatewayServer, **changes: Any) -> Config:
        settings = {
            "live.redis_url": f"redis://127.0.0.1:{redis_port}/0",
            "live.farm": "e2e",
            "live.lease_s": 3.0,
            "live.startup": "real",
            "live.openfaas.gateway": gateway.url,
            "live.openfaas.password_file": str(password_file),
            "live.openfaas.image": "example/farm:1",
            "live.openfaas.poll_s": 0.2,
        }
        return with_overrides(load_config(), settings | changes)

    return make
