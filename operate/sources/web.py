"""Questions to a server that speaks HTTP: GET and nothing else, one line for each way in which no answer comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from autoscaling_env.errors import BackendError, InputError

if TYPE_CHECKING:
    from urllib3 import PoolManager

#: An answer longer than this is no answer to a question of ours, bytes.
MOST_BYTES = 32 << 20
#: A server that is restarting refuses a kept connection: one more attempt.
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What came back.

    Attributes:
        status: of HTTP.
        body: as it came.
        realm: what the server wants a password for, the header `WWW-Authenticate`; "": it did not say.
    """

    status: int
    body: bytes
    realm: str = ""


class WebServer:
    """One server, with its connections kept.

    Args:
        what: it is, such as "Prometheus"; begins errors.
        url: its address, with the path before the API's own; user:password@ is basic authentication.
        ca_file: certificates of who may vouch for it; "": the system's.
        userinfo: user:password that are not in the address.
    """

    def __init__(self, what: str, url: str, *, ca_file: str = "", userinfo: str = "") -> None:
        parts = urlsplit(url)
        self.base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
        self.where = f"{what} at {self.base}"
        own = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        self._userinfo = userinfo or own
        self._ca_file = ca_file
        self._pool = self._connections()

    def get(
        self, path: str, within_s: float, fields: Mapping[str, str] | None = None, headers: Mapping[str, str] = {}
    ) -> WebAnswer:
        """Return the answer, whatever its status.

        Args:
            path: behind the address, with its slash.
            within_s: seconds that each attempt may take.
            fields: of the question.
            headers: further ones.

        Raises:
            BackendError: there is none.
        """
        import urllib3

        retries = urllib3.Retry(total=ATTEMPTS - 1, redirect=0, raise_on_redirect=False)
        try:
            response = self._pool.request(
                "GET", f"{self.base}{path}", fields=fields, headers=self._headers(headers), retries=retries,
                redirect=False, timeout=urllib3.Timeout(total=max(within_s, 0.05)), preload_content=False,
            )  # fmt: skip
            body = response.read(MOST_BYTES + 1, decode_content=True)
            (response.close if len(body) > MOST_BYTES else response.release_conn)()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise BackendError(f"{self.where}: {_outage(error)}") from None
        if len(body) > MOST_BYTES:
            raise BackendError(f"{self.where}: the answer is longer than {MOST_BYTES >> 20} MiB")
        return WebAnswer(response.status, body, response.headers.get("WWW-Authenticate", ""))

    def hang_up(self) -> None:
        """Use other connections from now on."""
        self._pool.clear()
        self._pool = self._connections()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    # -- inside

    def _connections(self) -> PoolManager:
        import urllib3

        if self._ca_file and not Path(self._ca_file).is_file():
            raise InputError(f"{self._ca_file}: there is no such file; source.ca_file holds certificates")
        return urllib3.PoolManager(ca_certs=self._ca_file or None, cert_reqs="CERT_REQUIRED")

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        from urllib3.util import make_headers

        own = make_headers(basic_auth=self._userinfo) if self._userinfo else {}
        return {"User-Agent": "openfaas-autoscaling"} | own | dict(headers)


def with_token(headers: Mapping[str, str], file: str) -> dict[str, str]:
    """Return headers with the token that stands in a file now; "": there is none.

    Raises:
        BackendError: it cannot be read.
    """
    if not file:
        return dict(headers)
    try:
        return dict(headers) | {"Authorization": f"Bearer {Path(file).read_text('utf-8').strip()}"}
    except OSError as error:
        raise BackendError(f"{file}: the token cannot be read: {error.strerror}") from None


def web_address(url: str, example: str) -> str:
    """Return an address of HTTP.

    Raises:
        ValueError: it is none; the message says what one looks like.
    """
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"must be an address such as {example}")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path: a query or fragment would be lost")
    return url


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
