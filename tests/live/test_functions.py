"""The functions as an image runs them: ``python -m``, environment variables, probes over HTTP, SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from autoscaling_env.testing.backend import steady
from live.control import Controller
from live.functions.settings import FunctionSettings
from live.history import read_history, verify
from live.queues import Queues
from live.wire.tasks import segments
from tests.live.farms import done_once
from tests.live.servers import RunningServer
from tests.ports import free_port
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.live


@contextmanager
def function(name: str, settings: FunctionSettings) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | settings.environment()
    with subprocess.Popen([sys.executable, "-m", f"live.functions.{name}"], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()  # else a failure would wait for a program that never ends


def probe(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def settings(server: RunningServer, farm: str, port: int = 0) -> FunctionSettings:
    return FunctionSettings(redis_url=server.url, farm=farm, http_port=port, http_host="127.0.0.1", time_scale=0.1)


def test_three_programs_are_a_farm(server: RunningServer, farm: str, queues: Queues, controller: Controller) -> None:
    told = settings(server, farm)
    with function("worker", told) as worker, function("emitter", told), function("collector", told):
        controller.begin(segments(steady(20, 10.0, 0.2)))
        controller.start()
        until(lambda: controller.snapshot(0).output_queue == 20, "20 tasks collected")
        assert done_once(verify(read_history(queues.client, farm), 20)) == 20
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=PATIENCE_S) == 0
        assert controller.snapshot(0).heartbeat_us == {}


@pytest.mark.parametrize("name", ["worker", "emitter", "collector"])
def test_probes_are_answered(name: str, server: RunningServer, farm: str, controller: Controller) -> None:
    controller.begin([])
    port = free_port()
    with function(name, settings(server, farm, port)) as process:
        until(lambda: probe(port, "/_/health") == 200, "healthy")
        until(lambda: probe(port, "/_/ready") == 200, "ready")
        assert [probe(port, path) for path in ("/healthz", "/readyz", "/other")] == [200, 200, 404]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0


def test_a_worker_without_an_episode_is_healthy_but_not_ready(server: RunningServer, farm: str) -> None:
    port = free_port()
    with function("worker", settings(server, farm, port)):
        until(lambda: probe(port, "/_/health") == 200, "healthy")
        assert probe(port, "/_/ready") == 503


def test_a_worker_goes_on_with_the_next_episode(
    server: RunningServer, farm: str, controller: Controller, queues: Queues
) -> None:
    told = settings(server, farm)
    with function("worker", told), function("emitter", told), function("collector", told):
        for count in (5, 7):
            controller.begin(segments(steady(count, 10.0, 0.2)))
            controller.start()
            until(lambda count=count: controller.snapshot(0).output_queue == count, f"{count} tasks")  # type: ignore[misc]
            assert done_once(verify(read_history(queues.client, farm), count)) == count


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"AUTOSCALE_FN_REDIS_URL": ""}, "AUTOSCALE_FN_REDIS_URL is not set"),
        ({"AUTOSCALE_FN_HANDLER": "no:thing"}, "handler 'no:thing'"),
        ({"AUTOSCALE_FN_REDIS_URL": "http://x"}, "write redis://host:port/db"),
        ({"AUTOSCALE_FN_PROTOCOL": "0123456789ab"}, "the controller 0123456789ab: build the image from"),
    ],
)
def test_wrong_settings_are_one_line_and_exit_code_2(changes: dict[str, str], line: str) -> None:
    environment = os.environ | FunctionSettings(redis_url="unix:///none").environment() | changes
    command = [sys.executable, "-m", "live.functions.worker"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_programs_load_neither_numpy_nor_pydantic() -> None:
    code = "import sys, live.functions.guardian; print({'numpy', 'pydantic', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert done.stdout.strip() == "set()"
