"""``autoscale doctor --backend openfaas``: what would not work, each finding with its remedy."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autoscaling_env.config import Config
from live.platforms.openfaas.doctor import examine
from live.platforms.openfaas.lifecycle import claimed, down
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.kubelet import Forking
from tests.live.platforms.openfaas.provider import Timing
from tests.live.platforms.openfaas.wire import Faults
from tests.waiting import until

pytestmark = pytest.mark.live

Make = Callable[..., GatewayServer]
Configure = Callable[..., Config]
#: Where pods would reach Redis; here nobody looks.
INSIDE = {"live.openfaas.redis_url": "redis://redis.openfaas-fn:6379/0"}


def findings(config: Config, trial_s: float = 0.0) -> dict[str, tuple[bool, str, str]]:
    found = examine(config, trial_s)
    assert all(each.ok or each.remedy for each in found), "each finding has its remedy"
    return {each.what: (each.ok, each.detail, each.remedy) for each in found}


def test_doctor_has_nothing_to_say(make_gateway: Make, config: Configure) -> None:
    found = findings(config(make_gateway(community=True), **INSIDE))
    assert [what for what, (ok, _, _) in found.items() if not ok] == []
    assert "65 workers at most in mode auto" in found["edition"][1]


@pytest.mark.parametrize(
    ("mode", "most", "remedy"),
    [
        ("auto", 15, "set farm.max_workers to 15"),
        ("replicas", 5, "or live.openfaas.mode functions"),
        ("functions", 15, ""),
    ],
)
def test_doctor_on_limits(make_gateway: Make, config: Configure, mode: str, most: int, remedy: str) -> None:
    gateway = make_gateway(community=True)
    gateway.provider.timing.informer_s = 0.0
    for number in range(10):
        gateway.provider.deploy(
            {"service": f"x{number}", "image": "x/y", "envProcess": "python -m live.functions.collector"}
        )
    ok, detail, told = findings(config(gateway, **{"live.openfaas.mode": mode}))["edition"]
    assert not ok
    assert f"{most} workers at most in mode {mode} (10 functions of others); farm.max_workers is 32" in detail
    assert remedy in told


def test_doctor_on_what_is_left_and_taken(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=False)
    gateway.provider.timing.informer_s = 0.0
    labels = {"autoscaling-env/farm": "e2e", "autoscaling-env/role": "worker"}
    for name, its in (("e2e-worker-3", labels), ("e2e-emitter", {})):
        gateway.provider.deploy(
            {"service": name, "image": "x/y", "labels": its, "envProcess": "python -m live.functions.collector"}
        )
    found = findings(config(gateway))
    assert found["functions left over"][:2] == (False, "e2e-worker-3")
    assert "farm down" in found["functions left over"][2]
    assert found["names"][:2] == (False, "somebody else's: e2e-emitter")
    assert found["edition"][0]


def test_doctor_on_access(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway()
    settings = config(gateway, **{"live.redis_url": "redis://:secret@127.0.0.1:1/0"})
    gateway.password = "other"  # noqa: S105
    found = findings(settings)
    assert not found["gateway"][0]
    assert "401 invalid credentials; check live.openfaas.user" in found["gateway"][1]
    assert not found["Redis password"][0]
    gateway.down()
    assert "is the gateway running" in findings(settings)["gateway"][1]
    gateway.up()
    away = config(gateway, **{"live.openfaas.gateway": "http://gateway.invalid:8080"})
    found = findings(away)
    assert found["transport"][:2] == (False, "the password goes to gateway.invalid unencrypted")
    assert not found["gateway"][0]


def test_doctor_on_redis(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway()
    found = findings(config(gateway))
    assert found["Redis for functions"][:2] == (False, "127.0.0.1 is the function's own pod")
    assert found["controller"][0]
    assert found["eviction policy"][0]
    found = findings(config(gateway, **INSIDE, **{"live.redis_url": "redis://127.0.0.1:1/0"}))
    assert not found["Redis"][0]
    assert "Connection refused" in found["Redis"][1]


def test_doctor_on_a_farm_that_runs(make_gateway: Make, config: Configure) -> None:
    settings = config(make_gateway(), **INSIDE)
    with claimed(settings.live):
        ok, detail, remedy = findings(settings)["controller"]
    assert (ok, remedy) == (False, "wait until that run has ended, or use another live.farm")
    assert detail.startswith("farm 'e2e' is controlled by ")


def test_doctor_on_namespace_and_start_up(make_gateway: Make, config: Configure) -> None:
    gateway = make_gateway(community=True)
    changes = {"live.openfaas.namespace": "elsewhere", "live.openfaas.mode": "replicas", "live.startup": "configured"}
    found = findings(config(gateway, **changes))
    assert found["namespace"] == (
        False, "elsewhere: the Community Edition has openfaas-fn only", "set live.openfaas.namespace to openfaas-fn"
    )  # fmt: skip
    assert not found["start-up"][0]
    slow = findings(config(gateway, **{"live.time_scale": 10.0}))["drain"]
    assert slow[0] is False
    assert "a leaving worker hands it back after 27 s" in slow[1]


def test_doctor_tries_image_and_redis(make_gateway: Make, config: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial's own farm leaves neither function nor key, whether it worked or not."""
    monkeypatch.setattr("live.platforms.openfaas.doctor.OWN_POD", frozenset())  # pods of this test are on this machine
    gateway = make_gateway(kubelet=Forking())
    ok, detail, _ = findings(config(gateway), 30.0)["trial function"]
    assert ok, detail
    assert "reached Redis in" in detail
    elsewhere = {"live.openfaas.redis_url": "redis://127.0.0.1:1/0"}
    ok, detail, _ = findings(config(gateway, **elsewhere), 4.0)["trial function"]
    assert (ok, detail) == (False, "a worker runs, but has not reached Redis at redis://127.0.0.1:1/0 in 4 s")
    assert list(gateway.provider.functions) == []


def test_a_trial_that_fails_leaves_nothing_though_the_gateway_does_not_list_it_yet(
    make_gateway: Make, config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.platforms.openfaas.doctor.OWN_POD", frozenset())
    gateway = make_gateway(Timing(informer_s=30.0))
    gateway.faults = Faults("POST", "after", 500)
    assert not findings(config(gateway), 5.0)["trial function"][0]
    until(lambda: not gateway.provider.functions)


def test_what_a_trial_cannot_remove_is_said_found_and_removed(
    make_gateway: Make, config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.platforms.openfaas.doctor.OWN_POD", frozenset())
    gateway = make_gateway(Timing(container_start_s=60.0, informer_s=0.0))
    gateway.faults = Faults("DELETE", "status", 500)
    settings = config(gateway, **{"live.farm": "a-farm-with-a-long-name"})
    detail = findings(settings, 1.0)["trial function"][1]
    (name,) = gateway.provider.functions
    assert detail.startswith("a worker of image 'example/farm:1' does not run after 1 s; ")
    assert f"its function {name} is left (OpenFaaS gateway" in detail
    assert findings(settings)["functions left over"][:2] == (False, name)
    assert findings(config(gateway))["functions left over"] == (True, "none", "")
    gateway.faults = Faults()
    assert down(settings) == (name,)
    assert findings(settings)["functions left over"] == (True, "none", "")


def test_doctor_on_an_image_that_does_not_run(
    make_gateway: Make, config: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.platforms.openfaas.doctor.OWN_POD", frozenset())
    gateway = make_gateway(Timing(container_start_s=60.0))
    ok, detail, remedy = findings(config(gateway), 1.0)["trial function"]
    assert (ok, detail) == (False, "a worker of image 'example/farm:1' does not run after 1 s")
    assert "is the image public" in remedy
    until(lambda: gateway.provider.listing() == [])
    refused = config(gateway, **{"live.openfaas.image": "private/farm:1"})
    assert "only allows public images" in findings(refused, 1.0)["trial function"][1]
