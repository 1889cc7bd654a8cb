"""The HTTP API of a Prometheus, or of what speaks its language (Thanos, Mimir, VictoriaMetrics): questions only."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field

from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError, InputError
from live.clock import Clock, SystemClock

if TYPE_CHECKING:
    from urllib3 import PoolManager

#: An answer longer than this is no answer to a question of ours, bytes.
MOST_BYTES = 32 << 20
#: A server that is restarting refuses a kept connection: one more attempt.
ATTEMPTS = 2


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ValueError("must be an address such as http://prometheus:9090")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path: a query or fragment would be lost")
    return url


class PrometheusSection(Section):
    """Where a Prometheus answers, and as whom we ask."""

    url: Annotated[str, AfterValidator(_web_address)]
    """Address such as http://prometheus:9090, with the path before /api/v1; user:password@ is basic authentication."""
    bearer_token_file: str = ""
    """File that holds a token, sent as `Authorization: Bearer`; read anew for each reading."""
    ca_file: str = ""
    """Certificates of who may vouch for the server; empty: the system's."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further headers, such as X-Scope-OrgID of a tenant."""


class PrometheusApi:
    """Asks one server. Every method raises ``BackendError`` with one line."""

    def __init__(self, settings: PrometheusSection, clock: Clock | None = None) -> None:
        parts = urlsplit(settings.url)
        host = parts.netloc.rpartition("@")[2]
        self.base = f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
        self.where = f"Prometheus at {self.base}"
        self._settings = settings
        self._userinfo = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        self._clock = clock or SystemClock()
        self._pool = self._connections()

    def hang_up(self) -> None:
        """Use other connections from now on."""
        self._pool.clear()
        self._pool = self._connections()

    def get(self, path: str, within_s: float, **fields: str) -> tuple[Any, tuple[str, ...]]:
        """Return the data of an answer, and its warnings.

        Args:
            path: behind ``/api/v1/``.
            within_s: seconds that each attempt may take.
            fields: of the question.
        """
        status, body = self._attempt(path, within_s, fields)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if status == 200 and isinstance(answer, dict) and answer.get("status") == "success":
            return answer.get("data"), tuple(map(str, answer.get("warnings", ())))
        raise BackendError(f"{self.where}: {_refusal(status, answer)}")

    def number(self, what: str, query: str, at: str, within_s: float) -> tuple[float | None, tuple[str, ...]]:
        """Return the one number that a query gives at a time, NaN and infinities included; None: no series.

        Args:
            what: names the query in errors.
            query: in PromQL.
            at: Unix time of the evaluation in seconds; "": now.
            within_s: seconds that each attempt may take.
        """
        fields = {"query": query} | ({"time": at} if at else {})
        try:
            data, warnings = self.get("query", within_s, **fields)
        except BackendError as error:
            raise BackendError(f"{error} (query {what})") from None
        return self._one(what, data), warnings

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    # -- inside

    def _connections(self) -> PoolManager:
        import urllib3

        if self._settings.ca_file and not Path(self._settings.ca_file).is_file():
            raise InputError(f"{self._settings.ca_file}: there is no such file; source.ca_file holds certificates")
        return urllib3.PoolManager(ca_certs=self._settings.ca_file or None, cert_reqs="CERT_REQUIRED")

    def _one(self, what: str, data: Any) -> float | None:
        kind, result = data.get("resultType"), data.get("result")
        if kind == "scalar":
            return float(result[1])
        if kind != "vector":
            raise BackendError(f"{self.where}: query {what} gives a {kind}, not a number")
        if len(result) > 1:
            raise BackendError(f"{self.where}: query {what} gives {len(result)} series: make it one, as by sum()")
        if result and "value" not in result[0]:
            raise BackendError(f"{self.where}: query {what} gives a histogram, not a number")
        return float(result[0]["value"][1]) if result else None

    def _attempt(self, path: str, within_s: float, fields: Mapping[str, str]) -> tuple[int, bytes]:
        import urllib3

        retries = urllib3.Retry(total=ATTEMPTS - 1, redirect=0, raise_on_redirect=False)
        url = f"{self.base}/api/v1/{path}"
        try:
            response = self._pool.request(
                "GET", url, fields=fields, headers=self._headers(), retries=retries, redirect=False,
                timeout=urllib3.Timeout(total=max(within_s, 0.05)), preload_content=False,
            )  # fmt: skip
            body = response.read(MOST_BYTES + 1, decode_content=True)
            (response.close if len(body) > MOST_BYTES else response.release_conn)()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise BackendError(f"{self.where}: {_outage(error)}") from None
        if len(body) > MOST_BYTES:
            raise BackendError(f"{self.where}: the answer is longer than {MOST_BYTES >> 20} MiB")
        return response.status, body

    def _headers(self) -> dict[str, str]:
        from urllib3.util import make_headers

        headers = {"User-Agent": "openfaas-autoscaling"} | dict(self._settings.headers)
        if self._userinfo:
            headers |= make_headers(basic_auth=self._userinfo)
        if file := self._settings.bearer_token_file:
            try:
                headers["Authorization"] = f"Bearer {Path(file).read_text('utf-8').strip()}"
            except OSError as error:
                raise BackendError(f"{file}: the token cannot be read: {error.strerror}") from None
        return headers


def _outage(error: Exception) -> str:
    from urllib3 import exceptions

    reason = error.reason if isinstance(error, exceptions.MaxRetryError) and error.reason else error
    if isinstance(reason, exceptions.NameResolutionError):
        return "its name cannot be looked up: is source.url right?"
    if isinstance(reason, exceptions.NewConnectionError):
        return "no connection: is it running, and is source.url right?"
    if isinstance(reason, exceptions.TimeoutError):
        return "no answer in time: it is stalled or the network is slow"
    if isinstance(reason, exceptions.SSLError):
        return "its certificate is not trusted: set source.ca_file"
    return f"the connection broke ({type(reason).__name__})"


def _refusal(status: int, answer: Any) -> str:
    if isinstance(answer, dict) and answer.get("error"):
        return " ".join(str(answer["error"]).split())[:300]
    if status in {401, 403}:
        return f"status {status}: it wants other credentials (source.url, source.bearer_token_file)"
    if 300 <= status < 400:
        return f"status {status}: it leads elsewhere, perhaps to a login; name the address behind it"
    if status == 503:
        return "status 503: it is starting or overloaded"
    return f"status {status} and no answer of a Prometheus: is source.url right, its path included?"


def finite(value: float | None) -> bool:
    """Return whether there is a number to go by."""
    return value is not None and math.isfinite(value)


def first(words: Sequence[str]) -> str:
    """Return the first of some sentences in one line; "" of none."""
    return " ".join(words[0].split()) if words else ""
