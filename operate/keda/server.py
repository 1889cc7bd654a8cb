"""Serves KEDA's external scaler and the usual health service of gRPC, in a thread of its own."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from autoscaling_env.errors import InputError
from operate.keda import externalscaler_pb2
from operate.keda.externalscaler_pb2_grpc import add_ExternalScalerServicer_to_server
from operate.keda.service import ExternalScaler
from operate.keda.target import KedaTarget

#: Names of the health service: of the scaler, and of the controllers behind it.
SCALER = externalscaler_pb2.DESCRIPTOR.services_by_name["ExternalScaler"].full_name
CONTROLLERS = "autoscale.controllers"
#: Whoever asks when the server ends gets an answer within this.
GRACE_S = 5.0
LOOK_S = 1.0
#: KEDA keeps its connections; both sides notice within about this when the other is gone.
OPTIONS = (
    ("grpc.so_reuseport", 0),  # a port that somebody has is an error, not one to share
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
)


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the scaler listens, and as whom.

    Attributes:
        host: address; 0.0.0.0 in a pod.
        port: 0: any that is free.
        certificate: PEM file of our certificate and those between it and its authority; None: without TLS.
        key: PEM file of its private key.
        client_authority: PEM file of the authority whose certificates clients must have; None: any client may ask.
    """

    host: str = "127.0.0.1"
    port: int = 9091
    certificate: Path | None = None
    key: Path | None = None
    client_authority: Path | None = None

    def credentials(self) -> grpc.ServerCredentials | None:
        """Return what the server shows; None: nothing, it speaks without TLS.

        Raises:
            InputError: a file is missing or is not what it should be.
        """
        if self.certificate is None and self.key is None and self.client_authority is None:
            return None
        if self.certificate is None or self.key is None:
            raise InputError("TLS needs both --tls-cert and --tls-key; --tls-client-ca goes with them")
        self._try()
        pair = (self.key.read_bytes(), self.certificate.read_bytes())
        authority = self.client_authority.read_bytes() if self.client_authority is not None else None
        return grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)

    def _try(self) -> None:
        """Load the files as everybody does, for an error that names what is wrong."""
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        steps = [(f"{self.certificate} and {self.key}", lambda: trial.load_cert_chain(str(self.certificate), self.key))]
        if self.client_authority is not None:
            steps.append((str(self.client_authority), lambda: trial.load_verify_locations(self.client_authority)))
        for what, step in steps:
            try:
                step()
            except ssl.SSLError as error:
                reason = error.reason or error.strerror
                raise InputError(f"{what}: no certificate in PEM, or not its key ({reason})") from None
            except OSError as error:
                raise InputError(f"{what}: cannot be read: {error.strerror}") from None


class KedaServer:
    """Answers KEDA until it is closed.

    Args:
        targets: by the controller's name.
        listening: where, and as whom.

    Raises:
        InputError: the place cannot be listened on, or a file of TLS cannot be used.
    """

    def __init__(self, targets: Mapping[str, KedaTarget], listening: Listening) -> None:
        self._targets, self._listening = targets, listening
        self._credentials = listening.credentials()
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over: asyncio.Event | None = None
        self._error: BaseException | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="keda scaler")
        self._thread.start()
        self._begun.wait()
        if self._error is not None:
            raise self._error

    @property
    def address(self) -> str:
        """Host and port as ``scalerAddress`` takes them."""
        host = self._listening.host
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def close(self) -> None:
        """End every stream, answer who is asking, and listen no more. May be called twice."""
        if self._loop is not None and self._over is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def __enter__(self) -> KedaServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- in the thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # whoever started us raises it
            self._error = error
        finally:
            self._begun.set()

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server, states = grpc.aio.server(options=OPTIONS), health.aio.HealthServicer()
        scaler = ExternalScaler(self._targets)
        add_ExternalScalerServicer_to_server(scaler, server)
        health_pb2_grpc.add_HealthServicer_to_server(states, server)
        self.port = self._bind(server)
        await server.start()
        self._begun.set()
        try:
            await self._tell_health(states)
        finally:
            await states.enter_graceful_shutdown()
            scaler.end()
            await server.stop(GRACE_S)

    def _bind(self, server: Any) -> int:
        host, port = self._listening.host, self._listening.port
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            if self._credentials is None:
                return int(server.add_insecure_port(place))
            return int(server.add_secure_port(place, self._credentials))
        except RuntimeError:
            raise InputError(f"{place}: cannot listen there; choose another --port, 0 for any that is free") from None

    async def _tell_health(self, states: Any) -> None:
        """Say how the controllers are until it is over."""
        assert self._over is not None  # noqa: S101 - it was just made
        yes, no = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
        await states.set(SCALER, yes)
        while not self._over.is_set():
            await states.set(CONTROLLERS, yes if all(each.ticks for each in self._targets.values()) else no)
            try:
                await asyncio.wait_for(self._over.wait(), LOOK_S)
            except TimeoutError:
                continue
