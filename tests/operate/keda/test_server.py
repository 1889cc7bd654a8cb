"""KEDA's side of the wire: a real client against the real server."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import ExitStack

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from autoscaling_env.errors import InputError
from operate.keda import externalscaler_pb2 as messages
from operate.keda.server import CONTROLLERS, SCALER, KedaServer, Listening
from tests.operate.keda.asking import asking, metric, trigger
from tests.operate.keda.desks import Desk
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.live
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def desk():
    return Desk(20)


@pytest.fixture
def served(desk):
    with KedaServer({"worker": desk.target}, Listening(port=0)) as server:
        yield server


@pytest.fixture
def stub(served):
    with asking(served.address) as found:
        yield found


def refusal(call, *arguments):
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, timeout=PATIENCE_S)
    return caught.value.code(), caught.value.details()


def test_keda_is_told_metric_target_value_and_activity(stub, desk):
    desk.decides(30)
    (spec,) = stub.GetMetricSpec(trigger(), timeout=PATIENCE_S).metricSpecs
    assert (spec.metricName, spec.targetSize, spec.targetSizeFloat) == ("workers", 1, 1.0)
    assert metric(stub, trigger()) == 30
    assert stub.IsActive(trigger(), timeout=PATIENCE_S).result is True
    desk.decides(0)
    assert stub.IsActive(trigger(), timeout=PATIENCE_S).result is False
    assert metric(stub, trigger(reach="tolerance")) == 0


def test_how_the_count_is_reached_is_the_triggers_to_say(stub, desk):
    desk.decides(21)
    assert metric(stub, trigger()) == 23
    assert metric(stub, trigger(reach="detour")) == 23
    assert metric(stub, trigger(reach="tolerance")) == 21


def test_an_old_keda_reads_whole_numbers(stub, desk):
    desk.decides(12)
    (value,) = stub.GetMetrics(
        messages.GetMetricsRequest(scaledObjectRef=trigger(), metricName="workers"), timeout=PATIENCE_S
    ).metricValues
    assert (value.metricValue, 11 < value.metricValueFloat < 12) == (12, True)


def test_without_a_decision_the_metric_is_an_error_and_its_name_and_target_are_not(stub, desk):
    """So that KEDA counts failures, and falls back: kedacore/keda#8056."""
    ask = messages.GetMetricsRequest(scaledObjectRef=trigger(), metricName="workers")
    assert refusal(stub.GetMetrics, ask) == (grpc.StatusCode.UNAVAILABLE, "the controller has made no decision yet")
    assert refusal(stub.IsActive, trigger())[0] == grpc.StatusCode.UNAVAILABLE
    assert stub.GetMetricSpec(trigger(), timeout=PATIENCE_S).metricSpecs
    desk.decides(30)
    assert metric(stub, trigger()) == 30
    desk.clock.pass_s(26)
    assert refusal(stub.GetMetrics, ask) == (
        grpc.StatusCode.UNAVAILABLE,
        "the last decision is 26 s old: the controller hangs",
    )
    assert stub.GetMetricSpec(trigger(), timeout=PATIENCE_S).metricSpecs


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"controller": "wroker"}, "NOT_FOUND", "unknown controller 'wroker' (did you mean 'worker'?)"),
        ({"controller": ""}, "INVALID_ARGUMENT", "metadata.controller is missing; choose from worker"),
        ({"reach": "detuor"}, "INVALID_ARGUMENT", "unknown reach 'detuor' (did you mean 'detour'?)"),
    ],
)
def test_a_trigger_that_is_wrong_is_told_what_is_right(stub, given, code, told):
    found, details = refusal(stub.GetMetricSpec, trigger(**given))
    assert found == grpc.StatusCode[code]
    assert told in details
    assert details.startswith("ScaledObject shop/orders: metadata.")


def test_another_metric_is_not_found(stub, desk):
    desk.decides()
    ask = messages.GetMetricsRequest(scaledObjectRef=trigger(), metricName="queue")
    assert refusal(stub.GetMetrics, ask)[0] == grpc.StatusCode.NOT_FOUND


def test_what_kedas_newest_service_has_besides_is_unimplemented_as_keda_expects_it(served):
    with grpc.insecure_channel(served.address) as channel:
        call = channel.unary_stream("/externalscaler.ExternalScaler/StreamMetricSpec")
        with pytest.raises(grpc.RpcError) as caught:
            next(call(trigger().SerializeToString(), timeout=PATIENCE_S))
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


class Stream:
    """What StreamIsActive pushes, with the time of each."""

    def __init__(self, stub, ref):
        self.told, self.ended = [], threading.Event()
        self._call = stub.StreamIsActive(ref)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        try:
            for answer in self._call:
                self.told.append(answer.result)
        except grpc.RpcError as error:
            self.told.append(error.code())
        self.ended.set()

    def has(self, *told):
        return until(lambda: self.told == list(told), lambda: self.told, every_s=0.005)

    def close(self):
        self._call.cancel()
        self._thread.join(PATIENCE_S)


def test_going_to_zero_and_back_is_pushed_and_nothing_else(stub, desk):
    stream = Stream(stub, trigger())
    time.sleep(0.05)
    assert stream.told == []
    desk.decides(3)
    assert stream.has(True)
    desk.decides(8)
    desk.decides(0)
    assert stream.has(True, False)
    began = time.monotonic()
    desk.target.scale_to(1)
    assert stream.has(True, False, True)
    assert time.monotonic() - began < 1
    late = Stream(stub, trigger())
    assert late.has(True)
    late.close()
    desk.decides(0)
    assert stream.has(True, False, True, False)
    stream.close()


def test_streams_end_when_the_server_does_and_the_port_is_free_again(desk):
    desk.decides(3)
    with asking("127.0.0.1:1") as unanswered:
        assert refusal(unanswered.IsActive, trigger())[0] == grpc.StatusCode.UNAVAILABLE
    server = KedaServer({"worker": desk.target}, Listening(port=0))
    port = server.port
    with asking(server.address) as found:
        stream = Stream(found, trigger())
        assert stream.has(True)
        began = time.monotonic()
        server.close()
        server.close()
        assert time.monotonic() - began < 2
        assert stream.ended.wait(PATIENCE_S)
        assert stream.told == [True]  # an end, and no error
    with KedaServer({"worker": desk.target}, Listening(port=port)) as again:
        assert again.port == port


def test_many_objects_are_told_of_their_own_controller_at_once():
    desks = {f"worker-{number}": Desk(50) for number in range(40)}
    targets = {name: desk.target for name, desk in desks.items()}
    with KedaServer(targets, Listening(port=0)) as server, asking(server.address) as stub, ExitStack() as stack:
        streams = {}
        for number, (name, desk) in enumerate(desks.items()):
            desk.decides(number)
            streams[name] = [Stream(stub, trigger(name)) for _ in range(3)]
            for each in streams[name]:
                stack.callback(each.close)
        asked = {
            name: stub.GetMetrics.future(
                messages.GetMetricsRequest(scaledObjectRef=trigger(name, reach="tolerance"), metricName="workers")
            )
            for name in desks
        }
        told = {name: call.result(timeout=PATIENCE_S).metricValues[0] for name, call in asked.items()}
        assert [each.metricValueFloat for each in told.values()] == list(range(40))
        for number, name in enumerate(desks):
            assert all(each.has(number > 0) for each in streams[name])
        desks["worker-7"].decides(0)
        assert all(each.has(True, False) for each in streams["worker-7"])
        assert streams["worker-8"][0].told == [True]


def test_health_is_told_as_grpc_has_it(served, desk):
    with grpc.insecure_channel(served.address) as channel:
        health = health_pb2_grpc.HealthStub(channel)

        def state(service):
            return health.Check(health_pb2.HealthCheckRequest(service=service), timeout=PATIENCE_S).status

        assert (state(""), state(SCALER), state(CONTROLLERS)) == (SERVING, SERVING, SERVING)
        desk.decides()
        desk.clock.pass_s(26)
        until(lambda: state(CONTROLLERS) != SERVING)
        assert (state(""), state(CONTROLLERS)) == (SERVING, NOT_SERVING)
        assert SCALER == "externalscaler.ExternalScaler"


def test_a_place_that_cannot_be_listened_on_is_one_line(served, desk):
    with pytest.raises(InputError, match=f":{served.port}: cannot listen there; choose another --port"):
        KedaServer({"worker": desk.target}, Listening(port=served.port))


# -- TLS


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """An authority, and a certificate of it for the server, for KEDA and of somebody else's authority."""
    folder = tmp_path_factory.mktemp("papers")

    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, cwd=folder)

    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for authority in ("ca", "other-ca"):
        openssl(
            "req",
            "-x509",
            *curve,
            "-subj",
            f"/CN={authority}",
            "-keyout",
            f"{authority}.key",
            "-out",
            f"{authority}.crt",
        )
    (folder / "names").write_text("subjectAltName=DNS:scaler.shop.svc\n")
    for name, authority in (("server", "ca"), ("keda", "ca"), ("stranger", "other-ca")):
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signed = ("-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-days", "2", "-extfile", "names")
        openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.crt")
    return folder


def client(papers, name=""):
    pair = [(papers / f"{name}.{kind}").read_bytes() for kind in ("key", "crt")] if name else [None, None]
    return grpc.ssl_channel_credentials((papers / "ca.crt").read_bytes(), *pair)


def test_with_tls_only_those_who_speak_it_are_answered(papers, desk):
    desk.decides(30)
    listening = Listening(port=0, certificate=papers / "server.crt", key=papers / "server.key")
    with KedaServer({"worker": desk.target}, listening) as server:
        with asking(server.address, client(papers), name="scaler.shop.svc") as stub:
            assert metric(stub, trigger()) == 30
        with asking(server.address) as stub:
            assert refusal(stub.IsActive, trigger())[0] == grpc.StatusCode.UNAVAILABLE


def test_with_an_authority_for_clients_only_its_own_are_answered(papers, desk):
    desk.decides(30)
    files = {"certificate": papers / "server.crt", "key": papers / "server.key", "client_authority": papers / "ca.crt"}
    with KedaServer({"worker": desk.target}, Listening(port=0, **files)) as server:
        with asking(server.address, client(papers, "keda"), name="scaler.shop.svc") as stub:
            assert metric(stub, trigger()) == 30
        for name in ("", "stranger"):
            with asking(server.address, client(papers, name), name="scaler.shop.svc") as stub:
                assert refusal(stub.IsActive, trigger())[0] == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"certificate": "server.crt"}, "TLS needs both --tls-cert and --tls-key"),
        ({"client_authority": "ca.crt"}, "TLS needs both"),
        ({"certificate": "none.crt", "key": "server.key"}, "none.crt and .*server.key: cannot be read: No such file"),
        ({"certificate": "server.crt", "key": "keda.key"}, "no certificate in PEM, or not its key"),
        ({"certificate": "names", "key": "server.key"}, "no certificate in PEM"),
        ({"certificate": "server.crt", "key": "server.key", "client_authority": "names"}, "names: no certificate"),
    ],
)
def test_what_is_wrong_with_tls_is_one_line(papers, desk, files, told):
    with pytest.raises(InputError, match=told) as caught:
        KedaServer({"worker": desk.target}, Listening(port=0, **{key: papers / name for key, name in files.items()}))
    assert "\n" not in str(caught.value)
