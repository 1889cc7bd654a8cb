"""An OpenFaaS gateway for tests: a real HTTP server with the real one's answers, limits, delays and faults."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.live.platforms.openfaas.kubelet import Kubelet
from tests.live.platforms.openfaas.provider import CE_REPLICAS, NAMESPACE, Provider, Refusal, Timing
from tests.live.platforms.openfaas.wire import Faults, Server, handler_for

PASSWORD = "secret"  # noqa: S105 - of the tests' own gateway
NAMES = {True: "faas-netes-ce", False: "faas-netes"}


class GatewayServer:
    """The gateway and its provider.

    Args:
        community: edition of the provider.
        cache_s: how long replies are kept.
        removal: which ready replica goes first, see ``Provider``.
        info: what ``/system/info`` tells.
        prefix: an ingress leads here from this path only.
        certificate: PEM with key; then it speaks https.

    Attributes:
        calls: every request, as ``METHOD /path``.
    """

    def __init__(
        self,
        kubelet: Kubelet,
        timing: Timing | None = None,
        *,
        community: bool = True,
        cache_s: float = 0.1,
        removal: str = "newest",
        info: dict[str, Any] | None = None,
        prefix: str = "",
        certificate: Path | None = None,
    ) -> None:
        self.provider = Provider(kubelet, timing or Timing(), community=community, removal=removal)
        self.password = PASSWORD
        self.faults = Faults()
        self.calls: list[str] = []
        self.cache_s = cache_s
        self.prefix, self._certificate = prefix, certificate
        self.info = info or {
            "provider": {"provider": NAMES[community], "orchestration": "kubernetes"},
            "arch": "x86_64",
        }
        self._cache: dict[str, tuple[float, Any]] = {}
        self._server: Server | None = None
        self._port = 0
        self.up()

    @property
    def url(self) -> str:
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self._port}{self.prefix}"

    def up(self) -> None:
        """Listen, on the same port as before."""
        self._server = Server(("127.0.0.1", self._port), handler_for(self), self._certificate)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Refuse connections, and cut those that are open."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def close(self) -> None:
        self.down()
        self.provider.close()

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Return status and body of one authorised request."""
        parts = urlsplit(target)
        for pattern, handler in ROUTES[method]:
            found = re.fullmatch(pattern, parts.path)
            if found:
                namespace = parse_qs(parts.query).get("namespace", [""])[0]
                return handler(self, *found.groups(), namespace=namespace, body=body)
        return 404, "404 page not found"

    def hit(self, call: str) -> Faults | None:
        """Return the fault that this call meets."""
        faults = self.faults
        if faults.count > 0 and re.search(faults.match, call):
            faults.count -= 1
            return faults
        return None

    # -- routes

    def _list(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return 200, self._cached("", self.provider.listing) if namespace in {"", NAMESPACE} else []

    def _get(self, name: str, *, namespace: str, body: bytes) -> tuple[int, Any]:
        known = namespace in {"", NAMESPACE}
        status = self._cached(name, lambda: self.provider.status(name)) if known else None
        return (200, status) if status is not None else (404, "")

    def _cached(self, name: str, ask: Callable[[], Any]) -> Any:
        at_s, found = self._cache.get(name, (-math.inf, None))
        if time.monotonic() - at_s > self.cache_s:
            found = ask()
            self._cache[name] = (time.monotonic(), found)
        return found

    def _deploy(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return self._accept(body, self.provider.deploy)

    def _update(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return self._accept(body, self.provider.update)

    def _delete(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return self._accept(body, self.provider.delete)

    def _scale(self, name: str, *, namespace: str, body: bytes) -> tuple[int, Any]:
        def clamped(request: dict[str, Any]) -> None:
            if self.provider.community and not self.provider.zero_refused:
                request["replicas"] = max(1, min(CE_REPLICAS, request.get("replicas", 0)))
            self.provider.scale(name, request)

        return self._accept(body, clamped)

    def _info(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return 200, self.info

    def _metrics(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        return 200, "# HELP gateway_service_count Current count of replicas for function\n"

    def _alert(self, *, namespace: str, body: bytes) -> tuple[int, Any]:
        status, told = self._accept(body, self.provider.alert)
        return (200, "") if status == 202 else (status, told)

    def _accept(self, body: bytes, act: Callable[[dict[str, Any]], None]) -> tuple[int, Any]:
        try:
            request = json.loads(body)
        except ValueError:
            return 400, "Cannot parse request. Please pass valid JSON."
        try:
            act(request)
        except Refusal as refusal:
            return refusal.status, str(refusal)
        return 202, ""


ROUTES: dict[str, list[tuple[str, Callable[..., tuple[int, Any]]]]] = {
    "GET": [
        ("/system/functions", GatewayServer._list),
        ("/system/function/([^/]+)", GatewayServer._get),
        ("/system/info", GatewayServer._info),
        ("/metrics", GatewayServer._metrics),
    ],
    "POST": [
        ("/system/functions", GatewayServer._deploy),
        ("/system/scale-function/([^/]+)", GatewayServer._scale),
        ("/system/alert", GatewayServer._alert),
    ],
    "PUT": [("/system/functions", GatewayServer._update)],
    "DELETE": [("/system/functions", GatewayServer._delete)],
}
