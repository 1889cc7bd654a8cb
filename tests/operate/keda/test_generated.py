"""What the compiler makes of our .proto is what is committed, and what KEDA sends and reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

from operate.keda import externalscaler_pb2 as messages
from tests.places import ROOT

PROTO = "operate/keda/externalscaler.proto"
MADE = ("externalscaler_pb2.py", "externalscaler_pb2.pyi", "externalscaler_pb2_grpc.py")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    outputs = [f"--{kind}={folder}" for kind in ("python_out", "pyi_out", "grpc_python_out")]
    described = f"--descriptor_set_out={folder / 'described'}"
    assert protoc.main(["protoc", f"-I{ROOT}", *outputs, described, str(ROOT / PROTO)]) == 0
    return folder


@pytest.mark.parametrize("name", MADE)
def test_the_modules_are_what_the_compiler_makes(made, name):
    assert (made / "operate/keda" / name).read_bytes() == (ROOT / "operate/keda" / name).read_bytes()


def test_the_descriptors_are_those_of_the_proto(made):
    described = descriptor_pb2.FileDescriptorSet.FromString((made / "described").read_bytes())
    ours = descriptor_pb2.FileDescriptorProto()
    messages.DESCRIPTOR.CopyToProto(ours)
    for each in (ours, *described.file):
        for message in [*each.message_type, *(inner for outer in each.message_type for inner in outer.nested_type)]:
            for known in message.field:
                known.ClearField("json_name")
    assert described.file[0] == ours


def test_make_proto_is_that_command():
    rule = (ROOT / "Makefile").read_text().partition("\nproto:")[2].partition("\n\n")[0]
    assert f"grpc_tools.protoc -I. --python_out=. --pyi_out=. --grpc_python_out=. {PROTO}" in rule


def test_messages_are_kedas_on_the_wire():
    """Bytes by hand: field numbers and types as KEDA's documentation has them."""
    asked = messages.GetMetricsRequest.FromString(
        b"\x0a\x19\x0a\x06orders\x12\x04shop\x1a\x09\x0a\x03key\x12\x02ab" + b"\x12\x07workers"
    )
    assert (asked.scaledObjectRef.name, asked.scaledObjectRef.namespace) == ("orders", "shop")
    assert dict(asked.scaledObjectRef.scalerMetadata) == {"key": "ab"}
    assert asked.metricName == "workers"
    value = messages.MetricValue(metricName="m", metricValue=3, metricValueFloat=1.0)
    assert value.SerializeToString() == b"\x0a\x01m\x10\x03\x19\x00\x00\x00\x00\x00\x00\xf0\x3f"
    spec = messages.MetricSpec(metricName="m", targetSize=1, targetSizeFloat=1.0)
    assert spec.SerializeToString() == b"\x0a\x01m\x10\x01\x19\x00\x00\x00\x00\x00\x00\xf0\x3f"
    assert messages.IsActiveResponse(result=True).SerializeToString() == b"\x08\x01"


def test_the_service_is_kedas_by_name():
    (service,) = messages.DESCRIPTOR.services_by_name.values()
    assert service.full_name == "externalscaler.ExternalScaler"
    assert [(each.name, each.server_streaming) for each in service.methods] == [
        ("IsActive", False),
        ("StreamIsActive", True),
        ("GetMetricSpec", False),
        ("GetMetrics", False),
    ]
    assert Path(PROTO).name == "externalscaler.proto"
