"""``autoscale keda-scaler`` and ``autoscale export keda``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.live.servers import RunningServer, require_server


@pytest.fixture(scope="module")
def server():
    require_server()
    running = RunningServer()
    yield running
    running.stop()


def write(name, **changes):
    given = {
        "source": {"kind": "redis_list", "url": "redis://localhost:1/0", "key": "orders"},
        "target": {"kind": "kubernetes", "namespace": "shop", "resource": "deployment/worker"},
        "policy": "static-2",
        "objective": {"finish_within": 5, "share": 0.9},
        "bounds": {"min": 1, "max": 6},
        "guardrails": {"decide_within": 0.1, "stale_after": 5, "fallback": "static-1"},
        "interval": 0.2,
        "page": None,
        "state": f"state-{name}",
    }
    Path(f"{name}.yml").write_text(json.dumps(given | changes))
    return f"{name}.yml"


def of(server, name, **changes):
    source = {"kind": "redis_list", "url": server.url, "key": name}
    target = {"kind": "processes", "command": [sys.executable, "-c", "import time; time.sleep(60)"]}
    return write(name, source=source, target=target, **changes)


@pytest.mark.live
def test_one_controller_is_shown_as_operate_shows_it(autoscale, server):
    ran = autoscale("keda-scaler", of(server, "orders"), "--port", 0, "--ticks", 3, "--set", "mode=act")
    assert ran.code == 0, ran.err
    assert "KEDA may ask 127.0.0.1:" in ran.err
    assert " about orders" in ran.err
    assert "1 -> 2" in ran.err
    assert "orders: 3 decisions, 1 changes told" in ran.out
    assert Path("state-orders/journal").is_dir()


@pytest.mark.live
def test_several_are_shown_by_what_changes(autoscale, server):
    files = [of(server, name) for name in ("orders", "mails")]
    ran = autoscale("keda-scaler", *files, "--port", 0, "--ticks", 2, "--set", "mode=act")
    assert ran.code == 0, ran.err
    assert " about mails, orders" in ran.err
    assert "orders: 1 -> 2" in ran.err
    assert "mails: 1 -> 2" in ran.err
    told = autoscale("keda-scaler", *files, "--port", 0, "--ticks", 1, "--json")
    assert told.json() == {name: {"ticks": 1, "told": 0} for name in ("orders", "mails")}
    assert told.err == ""


@pytest.mark.live
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("none.yml",), "none.yml: cannot be read"),
        (("orders.yml", "orders.yml"), "a controller is called 'orders' already"),
        (("orders.yml", "--set", "lease=x"), "leave lease out"),
        (("orders.yml", "--tls-cert", "tls.crt"), "TLS needs both --tls-cert and --tls-key"),
        (("orders.yml", "--host", "256.0.0.1", "--port", "1"), "256.0.0.1:1: cannot listen there"),
    ],
)
def test_what_is_wrong_is_one_line(autoscale, server, given, told):
    of(server, "orders")
    outcome = autoscale("keda-scaler", *given, "--ticks", 1)
    assert (outcome.code, outcome.err.count("\n")) == (2, 1), outcome.err
    assert told in outcome.err


def test_manifests_are_exported_with_what_comes_next(autoscale):
    made = autoscale("export", "keda", write("worker"), "-o", "keda", "--fallback", 3, "--set", "mode=act")
    assert made.code == 0, made.err
    assert "ScaledObject  keda/3-scaledobject.yaml" in made.out
    assert "kubectl apply -f keda/3-scaledobject.yaml" in made.out
    assert "shadow" not in made.out
    again = autoscale("export", "keda", "worker.yml", "-o", "keda")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "keda/1-rights.yaml: is there already" in again.err
    replaced = autoscale("export", "keda", "worker.yml", "-o", "keda", "--force", "--json").json()
    assert replaced["files"]["scaler"] == "keda/2-scaler.yaml"
    assert len(replaced["notes"]) == 2


def test_help_says_how(autoscale):
    for words in (("keda-scaler",), ("export",), ("export", "keda")):
        told = autoscale(*words, "--help")
        assert told.code == 0
        assert "keda" in told.out
