"""A queue that a real server tells of."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from autoscaling_env.errors import BackendError
from operate.sources.told.web import KIND, Http, HttpSettings
from operate.testing.source import SourceContract
from tests.operate.sources.benches import SECRET
from tests.operate.sources.told.queue_file import FileQueue, told
from tests.operate.sources.told.test_exec import EVERY
from tests.ports import free_port

pytestmark = pytest.mark.live


class Endpoint:
    """A server that can be stopped, started again at the same port, and stalled; it keeps what it was asked.

    Attributes:
        answer: status, headers and body of what it answers.
    """

    def __init__(self, answer: Callable[[], tuple[int, dict[str, str], bytes]]) -> None:
        self.answer = answer
        self.port = free_port()
        self.flowing = threading.Event()
        self.flowing.set()
        self.asked: list[BaseHTTPRequestHandler] = []
        self.start()

    def start(self) -> None:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.asked.append(self)
                endpoint.flowing.wait()
                status, headers, body = endpoint.answer()
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:  # whoever asked has hung up
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def stop(self) -> None:
        self.flowing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def made(**values: Any) -> HttpSettings:
    return HttpSettings(**values)


class HttpBench(FileQueue):
    secrets = (SECRET,)

    def __init__(self, file: Path) -> None:
        super().__init__(file)
        self.endpoint = Endpoint(lambda: (200, {}, json.dumps(told(str(file))).encode()))
        self.cut, self.mend = self.endpoint.stop, self.endpoint.start
        self.stall, self.resume = self.endpoint.flowing.clear, self.endpoint.flowing.set
        url = f"http://me:{SECRET}@127.0.0.1:{self.endpoint.port}/queues/jobs?key={SECRET}"
        self.source = KIND.open(made(knows=EVERY, url=url, timeout=1.0))

    def contents(self) -> Any:
        return self.dump()


class TestContract(SourceContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[HttpBench]:
        bench = HttpBench(tmp_path / "queue.db")
        yield bench
        bench.source.close()
        bench.endpoint.stop()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint(lambda: (200, {}, b'{"backlog": 3}'))
    yield endpoint
    endpoint.stop()


def source(endpoint: Endpoint, path: str = "/queue", userinfo: str = "", **values: Any) -> Http:
    url = f"http://{userinfo}127.0.0.1:{endpoint.port}{path}"
    return Http(HttpSettings(**({"knows": ["backlog"], "url": url} | values)))


def test_it_asks_with_all_that_is_configured(endpoint: Endpoint, tmp_path: Path) -> None:
    token = tmp_path / "token"
    with closing(source(endpoint, "/a/b/?queue=x y", f"me:{SECRET}@", headers={"X-Tenant": "shop"})) as each:
        assert each.read().backlog == 3
        assert each.described == f"queue at http://127.0.0.1:{endpoint.port}/a/b/"
    (asked,) = endpoint.asked
    assert asked.path == "/a/b/?queue=x%20y"
    assert asked.headers["X-Tenant"] == "shop"
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    with closing(source(endpoint, bearer_token_file=str(token))) as each:
        with pytest.raises(BackendError, match="token cannot be read"):
            each.read()
        for content in ("first\n", "second\n"):
            token.write_text(content)
            each.read()
            assert endpoint.asked[-1].headers["Authorization"] == f"Bearer {content.strip()}"


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (401, {}, b"", "it wants other credentials"),
        (404, {}, b"not here", "status 404: is source.url right, its path included?"),
        (302, {"Location": "http://127.0.0.1:1/login"}, b"", "it leads elsewhere"),
        (500, {}, b'{"backlog": 3}', "status 500"),
        (200, {}, b"<html>", "tells no JSON: '<html>'"),
        (200, {}, b'{"remarks": ["' + b"x" * (1 << 20) + b'"]}', "longer than 1 MiB"),
    ],
)
def test_what_is_no_answer_is_one_line(
    endpoint: Endpoint, status: int, headers: dict[str, str], body: bytes, said: str
) -> None:
    endpoint.answer = lambda: (status, headers, body)
    with closing(source(endpoint)) as each, pytest.raises(BackendError) as caught:
        each.read()
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_answer_that_is_late_is_given_up(endpoint: Endpoint) -> None:
    began = time.monotonic()

    def slowly() -> tuple[int, dict[str, str], bytes]:
        time.sleep(1.0)
        return 200, {}, b'{"backlog": 3}'

    endpoint.answer = slowly
    with closing(source(endpoint, timeout=0.3)) as each, pytest.raises(BackendError, match="no answer"):
        each.read()
    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    "values", [{"url": "shop:80/queue"}, {"url": "http://"}, {"url": "http://h/#q"}, {"knows": ["oldest_s"]}]
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(**({"url": "http://h/queue", "knows": ["backlog"]} | values))


def test_the_doctor_asks_once(endpoint: Endpoint) -> None:
    url = f"http://127.0.0.1:{endpoint.port}"
    (finding,) = KIND.examine(made(url=url, knows=["backlog"]))
    assert (finding.ok, finding.detail) == (True, "backlog 3")
    (finding,) = KIND.examine(made(url=url, knows=["backlog"], ca_file="/nowhere"))
    assert not finding.ok
