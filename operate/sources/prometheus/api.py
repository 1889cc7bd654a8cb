"""The HTTP API of a Prometheus, or of what speaks its language (Thanos, Mimir, VictoriaMetrics): questions only."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from autoscaling_env.config.base import Section
from autoscaling_env.errors import BackendError
from live.clock import Clock, SystemClock
from operate.sources.web import WebAnswer, WebServer, web_address, with_token


def _address(url: str) -> str:
    return web_address(url, "http://prometheus:9090")


class NoPrometheusError(BackendError):
    """A server of another kind answers there."""


class PrometheusSection(Section):
    """Where a Prometheus answers, and as whom we ask."""

    url: Annotated[str, AfterValidator(_address)]
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
        self._server = WebServer("Prometheus", settings.url, ca_file=settings.ca_file)
        self.where = self._server.where
        self._settings = settings
        self._clock = clock or SystemClock()

    def hang_up(self) -> None:
        """Use other connections from now on."""
        self._server.hang_up()

    def get(self, path: str, within_s: float, **fields: str) -> tuple[Any, tuple[str, ...]]:
        """Return the data of an answer, and its warnings.

        Args:
            path: behind ``/api/v1/``.
            within_s: seconds that each attempt may take.
            fields: of the question.
        """
        told = self._server.get(
            f"/api/v1/{path}", within_s, fields, with_token(self._settings.headers, self._settings.bearer_token_file)
        )
        try:
            answer = json.loads(told.body)
        except ValueError:
            answer = None
        if told.status == 200 and isinstance(answer, dict) and answer.get("status") == "success":
            return answer.get("data"), tuple(map(str, answer.get("warnings", ())))
        kind = NoPrometheusError if _is_another(told) else BackendError
        raise kind(f"{self.where}: {_refusal(told.status, answer)}")

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
        self._server.close()

    # -- inside

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


def _is_another(told: WebAnswer) -> bool:
    """Return whether it is plainly no Prometheus that answers, but the management of a RabbitMQ."""
    return "RabbitMQ" in told.realm or (told.status == 404 and b'"Object Not Found"' in told.body)


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
