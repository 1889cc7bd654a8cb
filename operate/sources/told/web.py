"""A queue that is told of at an address."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from operate.kinds import SourceKind
from operate.sources.promptly import Promptly
from operate.sources.told.answer import KNOWN, MOST_BYTES, Answer, Told, ToldSection, answer_of
from operate.sources.told.doctor import told_findings
from operate.sources.web import WebServer, web_address, with_token

#: Seconds beside the timeout until an answer is given up that comes a byte at a time.
MORE_S = 0.3


def _address(url: str) -> str:
    if "#" in url:
        raise ValueError("must end before the #: no server is told what follows")
    web_address(url.partition("?")[0], "http://shop:8080/queue")
    return url


class HttpSettings(ToldSection):
    """A queue that is told of at an address, in JSON."""

    kind: Literal["http"] = "http"
    """An address that answers with JSON."""
    url: Annotated[str, AfterValidator(_address)]
    """Address, http:// or https://; user:password@ is basic authentication."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further headers."""
    bearer_token_file: str = ""
    """File that holds a token, sent as `Authorization: Bearer`; read anew for each reading."""
    ca_file: str = ""
    """Certificates of who may vouch for the server; empty: the system's."""


class Http(Told):
    """Asks one address for each reading."""

    def __init__(self, settings: HttpSettings) -> None:
        parts = urlsplit(settings.url)
        self._settings = settings
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._server = WebServer("queue", f"{parts.scheme}://{parts.netloc}", ca_file=settings.ca_file)
        where = f"{self._server.where}{parts.path}"  # a query may hold a key
        super().__init__(where, settings.knows, Promptly(where, self._server.hang_up, settings.timeout + MORE_S))

    def close(self) -> None:
        """Close the connections."""
        self._server.close()

    # -- inside

    def _ask(self) -> Answer:
        headers = with_token({"Accept": "application/json"} | self._settings.headers, self._settings.bearer_token_file)
        told = self._server.get(self._path, self._settings.timeout, headers=headers)
        if told.status != 200:
            raise BackendError(f"{self._where}: {_refusal(told.status)}")
        if len(told.body) > MOST_BYTES:
            raise BackendError(f"{self._where}: the answer is longer than {MOST_BYTES >> 20} MiB")
        return answer_of(self._where, told.body)


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return f"status {status}: it wants other credentials (source.url, source.bearer_token_file)"
    if 300 <= status < 400:
        return f"status {status}: it leads elsewhere, perhaps to a login; name the address behind it"
    return f"status {status}: is source.url right, its path included?"


def examine(settings: Any) -> Sequence[Finding]:
    """Ask once."""
    try:
        source = Http(settings)
    except AutoscalingError as error:
        return [Finding("an answer", False, str(error), "correct source")]
    with closing(source):
        return told_findings(settings, source.answer)


KIND = SourceKind(
    name="http",
    summary="an address that answers with JSON",
    settings=HttpSettings,
    open=Http,
    knows=KNOWN,
    examine=examine,
    needs=("urllib3",),
)
