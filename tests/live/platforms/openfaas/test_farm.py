"""From configuration to episode and back to nothing: real processes, the real probes' delays, a real Redis."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError, InputError
from autoscaling_env.reasons import ScaleReason
from autoscaling_env.testing.backend import steady
from live.platforms.openfaas.farm import make_openfaas
from live.platforms.openfaas.lifecycle import down, status, up
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.kubelet import Forking, Spawning
from tests.live.platforms.openfaas.provider import Timing
from tests.waiting import until

pytestmark = pytest.mark.live

Make = Callable[..., GatewayServer]
Configure = Callable[..., Config]


def test_an_episode_on_the_community_edition_as_it_really_is(make_gateway: Make, config: Configure) -> None:
    """Spawned processes, probes after 2 s, an informer 0.2 s late: every task once, the limit said, nothing left."""
    gateway = make_gateway(Timing(), kubelet=Spawning(), community=True)
    backend = make_openfaas(config(gateway, **{"farm.max_workers": 5, "farm.initial_workers": 3}))
    tasks = steady(40, 4.0, 0.6)
    try:
        backend.reset(tasks, 3)
        assert backend.platform.mode == "replicas"  # type: ignore[attr-defined]
        reasons, collected = [], 0
        for workers in (6, 5, 2, 4, 3):
            reasons.append(backend.scale_to(workers).reason)
            collected += len(backend.advance(2.5).collected_s)
        while collected < len(tasks):
            collected += len(backend.advance(1.0).collected_s)
        verdict = backend.verify()
    finally:
        backend.close()
    assert reasons == [ScaleReason.CLAMPED_BY_PLATFORM, *[ScaleReason.OK] * 4]
    assert collected == len(tasks)
    assert verdict.passed, verdict.problems
    assert gateway.provider.listing() == []


def test_a_killed_replica_loses_no_task(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True, kubelet=Forking())
    backend = make_openfaas(config(gateway, **{"farm.max_workers": 4, "farm.initial_workers": 3, "live.lease_s": 1.0}))
    tasks = steady(30, 6.0, 0.4)
    try:
        backend.reset(tasks, 3)
        backend.advance(1.0)
        gateway.provider.kill_pod(gateway.provider.pods("e2e-worker")[0])
        gateway.down()
        collected = [backend.advance(1.0) for _ in range(3)]
        gateway.up()
        while collected[-1].output_queue < len(tasks):
            collected.append(backend.advance(1.0))
        verdict = backend.verify()
    finally:
        backend.close()
    assert sum(len(each.collected_s) for each in collected) <= len(tasks)
    assert "workers_requested" in collected[2].stale
    assert verdict.passed, verdict.problems


def test_up_status_down(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=False)
    settings = config(gateway, **{"farm.initial_workers": 3})
    told: list[tuple[int, int]] = []
    shown = up(settings, lambda ready, of: told.append((ready, of)))
    assert [(row.name, row.role, row.replicas) for row in shown] == [
        ("e2e-collector", "collector", 1), ("e2e-emitter", "emitter", 1), ("e2e-worker", "worker", 3),
    ]  # fmt: skip
    assert told[-1] == (5, 5)
    assert [row.available for row in shown] == [1, 1, 3]
    assert len(status(settings)) == 3
    assert sorted(down(settings)) == ["e2e-collector", "e2e-emitter", "e2e-worker"]
    assert status(settings) == ()
    assert down(settings) == ()


def test_an_up_that_fails_leaves_nothing(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True)
    with pytest.raises(BackendError, match=r"runs 5 of 7 workers"):
        up(config(gateway, **{"farm.initial_workers": 7, "live.openfaas.mode": "replicas"}))
    assert gateway.provider.listing() == []


def test_a_second_controller_gets_one_line_and_the_first_plays_on(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True, kubelet=Forking())
    settings = config(gateway, **{"farm.max_workers": 4, "farm.initial_workers": 2})
    first, second = make_openfaas(settings), make_openfaas(settings)
    tasks = steady(8, 4.0, 0.2)
    try:
        first.reset(tasks, 2)
        deployed = {name: function.created_s for name, function in gateway.provider.functions.items()}
        pods = [pod.name for pod in gateway.provider.pods()]
        with pytest.raises(BackendError, match=r"^farm 'e2e' on .* is controlled by .*; use another live.farm$"):
            second.reset(tasks, 2)
        second.close()
        with pytest.raises(BackendError, match="is controlled by"):
            up(settings)
        assert {name: function.created_s for name, function in gateway.provider.functions.items()} == deployed
        assert [pod.name for pod in gateway.provider.pods()] == pods
        while first.advance(1.0).output_queue < len(tasks):
            pass
        verdict = first.verify()
    finally:
        first.close()
    assert verdict.passed, verdict.problems
    assert gateway.provider.listing() == []


def test_a_farm_that_was_put_up_is_taken_over_by_the_next_run(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True, kubelet=Forking())
    settings = config(gateway, **{"farm.max_workers": 4, "farm.initial_workers": 2})
    up(settings)
    backend = make_openfaas(settings)
    try:
        assert backend.reset(steady(3, 4.0, 0.1), 2).workers_ready == 2
    finally:
        backend.close()
    assert gateway.provider.listing() == []


def test_functions_of_somebody_else_are_not_taken_for_ours(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway()
    other = {"service": "e2e-emitter", "image": "x/y", "envProcess": "python -m live.functions.collector"}
    gateway.provider.deploy(other)
    with pytest.raises(BackendError, match=r"function e2e-emitter is there and not of this farm"):
        up(config(gateway))
    assert list(gateway.provider.functions) == ["e2e-emitter"]
    assert not gateway.provider.functions["e2e-emitter"].deleted_s


KILLED = """
import sys
from autoscaling_env.config.root import Config
from live.platforms.openfaas.lifecycle import up
from tests.waiting import until
up(Config.model_validate_json(sys.stdin.read()))
"""


def test_down_after_a_killed_up(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True)
    settings = config(gateway, **{"farm.initial_workers": 4})
    gateway.provider.crash.add("e2e-emitter")
    killed = subprocess.Popen([sys.executable, "-c", KILLED], stdin=subprocess.PIPE)
    assert killed.stdin is not None
    killed.stdin.write(settings.model_dump_json().encode())
    killed.stdin.close()
    until(lambda: "e2e-collector" in gateway.provider.functions)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert {row.name for row in status(settings)} <= {"e2e-collector", "e2e-emitter"}
    down(settings)
    assert gateway.provider.listing() == []


def test_what_cannot_work_is_said_at_once(make_gateway: Make, config: Configure) -> None:
    changes = {"live.redis_url": "unix:///run/redis.sock", "live.openfaas.image": "", "live.farm": "Big"}
    with pytest.raises(InputError) as caught:
        make_openfaas(config(make_gateway(), **changes))
    assert [line.partition(":")[0] for line in caught.value.problems] == [
        "unix", "live.farm 'Big' cannot name OpenFaaS functions",
    ]  # fmt: skip
