"""The gateway client: errors in our words, deadlines, repeats where they change nothing, and only there."""

from __future__ import annotations

import inspect
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3.exceptions

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import BackendError, InputError
from live.platforms.openfaas.errors import (
    TRANSLATIONS,
    FunctionUnknown,
    GatewayBusy,
    GatewayFailed,
    GatewayRefused,
    GatewayRejected,
    GatewayUnreachable,
    retry_after_s,
    status_error,
)
from live.platforms.openfaas.gateway import ATTEMPTS, Gateway
from tests.live.platforms.openfaas.gateway import GatewayServer
from tests.live.platforms.openfaas.wire import Faults

pytestmark = pytest.mark.live

FUNCTION = {"service": "f", "image": "example/f", "envProcess": "python -m live.functions.collector", "labels": {}}
Make = Callable[..., GatewayServer]
Configure = Callable[..., OpenFaasConfig]


class Waits:
    """A clock whose pauses are written down, and take no time."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time_s += seconds


@pytest.fixture
def server_side(make_gateway: Make) -> GatewayServer:
    return make_gateway()


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(server_side: GatewayServer, configured: Configure, waits: Waits) -> Gateway:
    return Gateway(configured(server_side), waits)


def test_every_exception_of_urllib3_is_thought_of() -> None:
    classes = [each for _, each in inspect.getmembers(urllib3.exceptions, inspect.isclass)]
    raised = {c.__name__ for c in classes if issubclass(c, urllib3.exceptions.HTTPError)}
    assert raised == set(TRANSLATIONS)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, GatewayRejected), (401, GatewayRefused), (403, GatewayRefused), (404, FunctionUnknown), (409, GatewayBusy),
     (418, GatewayRejected), (429, GatewayBusy), (500, GatewayFailed), (502, GatewayBusy), (503, GatewayBusy)],
)  # fmt: skip
def test_statuses_in_our_words(status: int, kind: type[BackendError]) -> None:
    error = status_error("http://g", "GET /x", status, b"one\ntwo\n", {})
    assert type(error) is kind
    assert str(error).startswith(f"OpenFaaS gateway http://g: GET /x: {status} one two")


@pytest.mark.parametrize(("header", "seconds"), [("3", 3.0), (None, 0.0), ("soon", 0.0), ("", 0.0)])
def test_retry_after(header: str | None, seconds: float) -> None:
    assert retry_after_s(header) == seconds


def test_missing_numbers_are_zero(client: Gateway, server_side: GatewayServer) -> None:
    server_side.provider.timing.informer_s = 0.0
    server_side.provider.crash.add("f")
    client.deploy(FUNCTION, 1.0)
    (status,) = client.functions(1.0)
    assert "availableReplicas" not in server_side.provider.listing()[0]
    assert (status.name, status.replicas, status.available) == ("f", 1, 0)


def test_unknown_functions(client: Gateway) -> None:
    assert client.function("nobody", 1.0) is None
    client.delete("nobody", 1.0)
    with pytest.raises(GatewayFailed, match=r"500 Unable to lookup function deployment nobody deployments.apps not"):
        client.scale("nobody", 2, 1.0)


def test_what_can_be_repeated_is_with_growing_jittered_pauses(
    client: Gateway, server_side: GatewayServer, waits: Waits
) -> None:
    server_side.faults = Faults(match="GET", kind="status", status=500)
    with pytest.raises(GatewayFailed, match="unable to do it the second line says why"):
        client.functions(60.0)
    assert len(server_side.calls) == ATTEMPTS
    assert len(waits.pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= 0.1 * 2**at for at, pause in enumerate(waits.pauses))


@pytest.mark.parametrize("kind", ["status", "cut", "junk"])
def test_a_passing_fault_is_not_noticed(client: Gateway, server_side: GatewayServer, kind: str) -> None:
    server_side.faults = Faults(match="GET", kind=kind, count=2)
    assert client.functions(10.0) == ()


def test_retry_after_is_honoured(client: Gateway, server_side: GatewayServer, waits: Waits) -> None:
    server_side.faults = Faults("GET", "status", 429, count=1, headers=(("Retry-After", "7"),))
    client.functions(60.0)
    assert 7 <= waits.pauses[0] <= 7.2


def test_a_list_that_is_empty_for_want_of_prometheus_is_said_and_asked_for_again(
    client: Gateway, server_side: GatewayServer, waits: Waits
) -> None:
    """As gateways of 2022 answer `GET /system/functions` while Prometheus restarts."""
    server_side.faults = Faults("GET /system/functions", "empty", count=3)
    assert client.functions(60.0) == ()
    assert len(server_side.calls) == ATTEMPTS
    assert all(1.0 <= pause <= 2.0 for pause in waits.pauses)  # it takes Prometheus some seconds to come back
    server_side.faults = Faults("GET", "empty")
    for ask in (lambda: client.functions(60.0), lambda: client.function("f", 60.0), lambda: client.info(60.0)):
        with pytest.raises(GatewayBusy, match="an empty answer; older gateways give it while Prometheus is away"):
            ask()


def test_no_longer_than_there_is_time(client: Gateway, server_side: GatewayServer, waits: Waits) -> None:
    server_side.faults = Faults("GET", "status", 503, headers=(("Retry-After", "7"),))
    with pytest.raises(GatewayBusy):
        client.functions(5.0)
    assert waits.pauses == []


def test_a_deployment_is_sent_once(client: Gateway, server_side: GatewayServer) -> None:
    server_side.faults = Faults("POST", "after", 500)
    with pytest.raises(GatewayFailed):
        client.deploy(FUNCTION, 10.0)
    assert server_side.calls == ["POST /system/functions"]
    assert list(server_side.provider.functions) == ["f"]


@pytest.mark.parametrize(("status", "kind"), [(400, GatewayRejected), (401, GatewayRefused), (403, GatewayRefused)])
def test_what_will_not_change_is_not_repeated(
    client: Gateway, server_side: GatewayServer, status: int, kind: type[BackendError]
) -> None:
    server_side.faults = Faults("/system", "status", status)
    with pytest.raises(kind):
        client.scale("f", 2, 10.0)
    assert len(server_side.calls) == 1


def test_wrong_password(server_side: GatewayServer, client: Gateway) -> None:
    server_side.password = "changed"  # noqa: S105
    with pytest.raises(GatewayRefused, match=r"401 invalid credentials; check live.openfaas.user and password_file"):
        client.functions(5.0)


def test_gateway_down(server_side: GatewayServer, client: Gateway) -> None:
    server_side.down()
    with pytest.raises(GatewayUnreachable, match="is the gateway running"):
        client.functions(5.0)
    server_side.up()
    assert client.functions(5.0) == ()


@pytest.mark.parametrize("kind", ["slow", "endless"])
def test_slow_answers_end_at_the_deadline(
    make_gateway: Make, configured: Configure, server_side: GatewayServer, kind: str
) -> None:
    client = Gateway(configured(server_side, attempt_timeout_s=0.3))
    server_side.faults = Faults("GET", kind, seconds=3.0)
    began = client.clock.now()
    with pytest.raises(GatewayUnreachable, match=r"slow|does not end|no time left"):
        client.functions(0.8)
    assert client.clock.now() - began < 2.5
    assert len(server_side.calls) >= 2


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read: No such file"), (b"", "empty; it must hold"), (b"\xff\xfe", "cannot be read: not text")],
)
def test_all_that_is_wrong_with_the_password_file(
    server_side: GatewayServer, configured: Configure, tmp_path: Path, content: bytes | None, why: str
) -> None:
    file = tmp_path / "bad"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=why):
        Gateway(configured(server_side).model_copy(update={"password_file": str(file)}))


def test_a_password_may_have_any_letter(server_side: GatewayServer, configured: Configure, tmp_path: Path) -> None:
    file = tmp_path / "unusual"
    file.write_text("pass:wörd→", "utf-8")
    server_side.password = "pass:wörd→"  # noqa: S105
    assert Gateway(configured(server_side).model_copy(update={"password_file": str(file)})).functions(5.0) == ()


def test_a_path_before_the_gateway(make_gateway: Make, configured: Configure) -> None:
    """Behind an ingress; without the path something else answers 404, which is not said of a function."""
    behind = make_gateway(prefix="/faas")
    config = configured(behind)
    assert Gateway(config).functions(5.0) == ()
    assert Gateway(config.model_copy(update={"gateway": f"{behind.url}/"})).function("nobody", 5.0) is None
    beside = Gateway(config.model_copy(update={"gateway": behind.url.removesuffix("/faas")}))
    for ask in (lambda: beside.functions(5.0), lambda: beside.deploy(FUNCTION, 5.0)):
        with pytest.raises(GatewayRefused, match=r"is live.openfaas.gateway right, its path included"):
            ask()


def test_a_redirect_is_not_followed_with_the_password(client: Gateway, server_side: GatewayServer) -> None:
    server_side.faults = Faults("/system", "status", 308, headers=(("Location", "https://g.example/x"),), body="")
    with pytest.raises(GatewayRefused, match=r"308 \(to https://g.example/x\); write the address it redirects to"):
        client.functions(5.0)
    with pytest.raises(GatewayRefused):
        client.deploy(FUNCTION, 5.0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that vouches for itself, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    command = (
        f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=gateway -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", f"{file}.key", "-out", str(file)], check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.key").read_text())
    return file


def test_a_gateway_that_vouches_for_itself(make_gateway: Make, configured: Configure, certificate: Path) -> None:
    secure = make_gateway(certificate=certificate)
    with pytest.raises(GatewayRefused, match=r"certificate verify failed.*live.openfaas.ca_file"):
        Gateway(configured(secure)).functions(5.0)
    assert Gateway(configured(secure, ca_file=str(certificate))).functions(5.0) == ()


def test_https_where_there_is_none(server_side: GatewayServer, configured: Configure, password_file: Path) -> None:
    plain = configured(server_side).model_copy(update={"gateway": server_side.url.replace("http:", "https:")})
    with pytest.raises(GatewayRefused, match="or is it http://"):
        Gateway(plain).functions(5.0)
    with pytest.raises(InputError, match="no certificate in PEM"):
        Gateway(plain.model_copy(update={"ca_file": str(password_file)}))
    with pytest.raises(InputError, match="ca_file cannot be read: No such file"):
        Gateway(plain.model_copy(update={"ca_file": "/nowhere/ca.pem"}))


def test_a_foreign_namespace_is_refused_in_the_providers_words(client: Gateway) -> None:
    with pytest.raises(GatewayRejected, match="400 namespace must be: openfaas-fn"):
        client.deploy(FUNCTION | {"namespace": "elsewhere"}, 5.0)
