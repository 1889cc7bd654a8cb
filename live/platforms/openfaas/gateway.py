"""The gateway's REST interface: each call with a deadline, repeated only where a second time changes nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import InputError
from live.clock import Clock, SystemClock
from live.platforms.openfaas.errors import (
    TRANSIENT,
    FunctionUnknown,
    GatewayBusy,
    GatewayFailed,
    GatewayRefused,
    GatewayUnreachable,
    speaking_ours,
    status_error,
)

Answer = TypeVar("Answer")
ATTEMPTS = 4
#: Pauses between attempts: uniform up to 0.1, 0.2, 0.4 s.
PAUSE_S, MAX_PAUSE_S = 0.1, 1.0
MAX_BODY = 16 << 20
#: Gateways of 2022 and before add counts from Prometheus to their lists; without it they answer 200 and nothing at all.
EMPTY = "an empty answer; older gateways give it while Prometheus is away: `kubectl -n openfaas get pods` tells"
#: Prometheus takes some seconds to come back, so this is asked again later than what may be over at once.
EMPTY_PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class FunctionStatus:
    """A function as the provider's informer shows it, which may be some 100 ms ago.

    Attributes:
        name: of the function, its Deployment and its Service.
        replicas: wanted.
        available: ready by their probes; terminating ones are not counted.
        labels: as deployed.
        image: as deployed.
    """

    name: str
    replicas: int
    available: int
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""


class Gateway:
    """Speaks to one gateway; safe to use from several threads.

    Every method takes ``within_s``, real seconds for all its attempts, and raises one of ``openfaas_errors``.
    """

    def __init__(self, config: OpenFaasConfig, clock: Clock | None = None) -> None:
        import urllib3

        self.where = config.gateway.rstrip("/")
        self.namespace = config.namespace
        self.clock = clock or SystemClock()
        self._attempt_s = config.attempt_timeout_s
        self._headers = {"User-Agent": "openfaas-autoscaling"} | _authorization(config)
        self._pool = urllib3.PoolManager(maxsize=4, retries=False, ca_certs=_certificates(config))

    def info(self, within_s: float) -> dict[str, Any]:
        """Return what gateway and provider say about themselves."""
        answer = self._repeated(within_s, lambda s: self._json("GET", "/system/info", s))
        return answer if isinstance(answer, dict) else {}

    def functions(self, within_s: float) -> tuple[FunctionStatus, ...]:
        """Return all functions of the namespace, whoever deployed them."""
        path = f"/system/functions?namespace={quote(self.namespace)}"
        return self._repeated(within_s, lambda s: tuple(map(self._status, self._known("GET", path, s) or [])))

    def function(self, name: str, within_s: float) -> FunctionStatus | None:
        """Return one function, or None if there is no such function."""
        path = f"/system/function/{quote(name)}?namespace={quote(self.namespace)}"
        try:
            return self._repeated(within_s, lambda s: self._status(self._json("GET", path, s)))
        except FunctionUnknown:
            return None

    def deploy(self, deployment: Mapping[str, Any], within_s: float) -> None:
        """Have a function deployed. One attempt: a second one would find the first one's work in its way."""
        self._known("POST", "/system/functions", within_s, deployment)

    def delete(self, name: str, within_s: float) -> None:
        """Have a function deleted; its replicas are told to leave. Fine if there is none."""
        body = {"functionName": name, "namespace": self.namespace}
        path = f"/system/functions?namespace={quote(self.namespace)}"
        try:
            self._repeated(within_s, lambda s: self._json("DELETE", path, s, body))
        except FunctionUnknown:
            return

    def scale(self, name: str, replicas: int, within_s: float) -> None:
        """Ask for a number of replicas. That it returns says nothing about how many there will be."""
        body = {"serviceName": name, "namespace": self.namespace, "replicas": replicas}
        path = f"/system/scale-function/{quote(name)}?namespace={quote(self.namespace)}"
        self._repeated(within_s, lambda s: self._json("POST", path, s, body))

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def _repeated(self, within_s: float, attempt: Callable[[float], Answer]) -> Answer:
        """Call ``attempt`` with the seconds it has, again while it fails for now and time is left."""
        deadline = self.clock.now() + within_s

        def stop(state: RetryCallState) -> bool:
            late = self.clock.now() + state.upcoming_sleep >= deadline
            return late or state.attempt_number >= ATTEMPTS

        retrying = Retrying(
            retry=retry_if_exception_type(TRANSIENT), wait=_pause, stop=stop, sleep=self.clock.sleep, reraise=True
        )
        return retrying(lambda: attempt(deadline - self.clock.now()))

    def _known(self, method: str, path: str, within_s: float, body: Mapping[str, Any] | None = None) -> Any:
        """Like ``_json``, of what every gateway has: a 404 speaks of the address, not of a function."""
        try:
            return self._json(method, path, within_s, body)
        except FunctionUnknown as error:
            raise GatewayRefused(f"{error}; is live.openfaas.gateway right, its path included?") from None

    def _json(self, method: str, path: str, within_s: float, body: Mapping[str, Any] | None = None) -> Any:
        """Make one attempt; return the answer's JSON, or None where a change was only accepted."""
        asked = f"{method} {path.partition('?')[0]}"
        status, data, headers = self._attempt(method, path, asked, min(within_s, self._attempt_s), body)
        if not 200 <= status < 300:
            raise status_error(self.where, asked, status, data, headers)
        if method != "GET":
            return None
        if not data:
            raise GatewayBusy(f"OpenFaaS gateway {self.where}: {asked}: {EMPTY}", EMPTY_PAUSE_S)
        try:
            return json.loads(data)
        except ValueError:
            raise GatewayFailed(
                f"OpenFaaS gateway {self.where}: {asked}: no JSON; is that an OpenFaaS gateway?"
            ) from None

    def _attempt(
        self, method: str, path: str, asked: str, seconds: float, body: Mapping[str, Any] | None
    ) -> tuple[int, bytes, Mapping[str, str]]:
        from urllib3 import Timeout

        if seconds <= 0:
            raise GatewayUnreachable(f"OpenFaaS gateway {self.where}: {asked}: no time left")
        give_up = self.clock.now() + seconds
        with speaking_ours(self.where, asked):
            response = self._pool.request(
                method, self.where + path, json=body, headers=self._request_headers(body),
                timeout=Timeout(total=seconds), preload_content=False, redirect=False,
            )  # fmt: skip
            try:
                data = b""
                while chunk := response.read1(1 << 16):
                    data += chunk
                    if self.clock.now() > give_up or len(data) > MAX_BODY:
                        response.close()
                        raise GatewayUnreachable(f"OpenFaaS gateway {self.where}: {asked}: the answer does not end")
            finally:
                response.release_conn()
        return response.status, data, response.headers

    def _request_headers(self, body: Mapping[str, Any] | None) -> dict[str, str]:
        return self._headers | ({"Content-Type": "application/json"} if body is not None else {})

    def _status(self, data: Any) -> FunctionStatus:
        """Zero values are left out of the gateway's JSON: a missing number is 0."""
        try:
            return FunctionStatus(
                str(data.get("name") or data["service"]),
                int(data.get("replicas", 0)),
                int(data.get("availableReplicas", 0)),
                dict(data.get("labels") or {}),
                str(data.get("image", "")),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise GatewayFailed(f"OpenFaaS gateway {self.where}: not a function's status: {data!r}"[:300]) from None


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, GatewayBusy) else 0.0
    return asked_s + wait_random_exponential(multiplier=PAUSE_S, max=MAX_PAUSE_S)(state)


def _authorization(config: OpenFaasConfig) -> dict[str, str]:
    if not config.password_file:
        return {}
    password = _read(config.password_file, "the gateway's password").strip()
    if not password:
        raise InputError(f"{config.password_file}: empty; it must hold key basic-auth-password of secret basic-auth")
    return {"Authorization": f"Basic {b64encode(f'{config.user}:{password}'.encode()).decode()}"}


def _certificates(config: OpenFaasConfig) -> str | None:
    if config.ca_file and "BEGIN CERTIFICATE" not in _read(config.ca_file, "live.openfaas.ca_file"):
        raise InputError(f"{config.ca_file}: live.openfaas.ca_file has no certificate in PEM")
    return config.ca_file or None


def _read(file: str, what: str) -> str:
    try:
        return Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not text"
        raise InputError(f"{file}: {what} cannot be read: {why}") from None
