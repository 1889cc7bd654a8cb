"""What can go wrong with the gateway, in our words: the one place where urllib3 and HTTP are translated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from autoscaling_env.errors import BackendError

MAX_WORDS = 300


class GatewayUnreachable(BackendError):  # noqa: N818 - reads as what happened, like its siblings
    """No answer. What was asked for may have been done all the same."""


class GatewayBusy(BackendError):  # noqa: N818
    """Not now (408, 409, 429, 502, 503, 504). ``retry_after_s``: what the gateway asked us to wait, or 0."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class GatewayFailed(BackendError):  # noqa: N818
    """Status 500, or an answer that cannot be read. What was asked for may have been done all the same."""


class GatewayRefused(BackendError):  # noqa: N818
    """Status 401, 403 or 3xx, or a certificate nobody vouches for: asking again does not help."""


class GatewayRejected(BackendError):  # noqa: N818
    """Status 400 and the like: invalid, or over the edition's limits. Nothing was done."""


class FunctionUnknown(BackendError):  # noqa: N818
    """Status 404: there is no such function."""


#: Worth another attempt where an attempt can be repeated.
TRANSIENT = (GatewayUnreachable, GatewayBusy, GatewayFailed)
#: After these nobody knows whether it was done: reading back tells.
DOUBTFUL = (GatewayUnreachable, GatewayBusy, GatewayFailed)
BUSY = frozenset({408, 409, 425, 429, 502, 503, 504})

_REACHABLE = "is the gateway running, and live.openfaas.gateway right?"
_DEFECT = "this is a defect, report it"
#: urllib3 exception -> (ours, what to do). A class not listed falls to its nearest listed base; a test fails when
#: urllib3 adds one that nobody has thought about.
TRANSLATIONS: dict[str, tuple[type[BackendError], str]] = {
    "HTTPError": (GatewayUnreachable, _REACHABLE),
    "PoolError": (GatewayUnreachable, _REACHABLE),
    "RequestError": (GatewayUnreachable, _REACHABLE),
    "ConnectTimeoutError": (GatewayUnreachable, _REACHABLE),
    "NewConnectionError": (GatewayUnreachable, _REACHABLE),
    "NameResolutionError": (GatewayUnreachable, "the host name of live.openfaas.gateway is unknown here"),
    "ProtocolError": (GatewayUnreachable, "the connection was cut"),
    "TimeoutError": (GatewayUnreachable, "it is slow; live.openfaas.attempt_timeout_s"),
    "ReadTimeoutError": (GatewayUnreachable, "it is slow; live.openfaas.attempt_timeout_s"),
    "TimeoutStateError": (GatewayUnreachable, _DEFECT),
    "MaxRetryError": (GatewayUnreachable, _REACHABLE),
    "ClosedPoolError": (GatewayUnreachable, "the connection was closed by us"),
    "EmptyPoolError": (GatewayUnreachable, _DEFECT),
    "FullPoolError": (GatewayUnreachable, _DEFECT),
    "IncompleteRead": (GatewayUnreachable, "the connection was cut"),
    "InvalidChunkLength": (GatewayUnreachable, "the connection was cut"),
    "ProxyError": (GatewayUnreachable, "the proxy does not answer"),
    "SSLError": (GatewayRefused, "name its certificates in live.openfaas.ca_file; or is it http://?"),
    "DecodeError": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "BodyNotHttplibCompatible": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "ResponseError": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "ResponseNotChunked": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "InvalidHeader": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "HeaderParsingError": (GatewayFailed, "is that an OpenFaaS gateway?"),
    "UnrewindableBodyError": (GatewayFailed, _DEFECT),
    "HostChangedError": (GatewayRefused, "write the address it redirects to"),
    "LocationValueError": (GatewayRefused, "live.openfaas.gateway is not an address"),
    "LocationParseError": (GatewayRefused, "live.openfaas.gateway is not an address"),
    "URLSchemeUnknown": (GatewayRefused, "write http:// or https://"),
    "ProxySchemeUnknown": (GatewayRefused, "the proxy's address is wrong"),
}


@contextmanager
def speaking_ours(where: str, asked: str) -> Iterator[None]:
    """Turn every exception of urllib3, and of the socket under it, into ours; ``asked`` names the call."""
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (HTTPError, OSError) as error:
        kind, remedy = TRANSLATIONS[_name(error)]
        raise kind(f"OpenFaaS gateway {where}: {asked}: {_words(str(error))}: {remedy}") from error


def _name(error: Exception) -> str:
    return next((base.__name__ for base in type(error).__mro__ if base.__name__ in TRANSLATIONS), "HTTPError")


def status_error(where: str, asked: str, status: int, body: bytes, headers: Mapping[str, str]) -> BackendError:
    """Return our error for an answer that is not a success."""
    answer = f"OpenFaaS gateway {where}: {asked}: {status}{_said(body)}"
    if 300 <= status < 400:
        return GatewayRefused(f"{answer} (to {headers.get('Location', '?')}); write the address it redirects to")
    if status == 401:
        return GatewayRefused(f"{answer}; check live.openfaas.user and password_file (secret basic-auth)")
    if status == 403:
        return GatewayRefused(f"{answer}; the user may not do this")
    if status == 404:
        return FunctionUnknown(answer)
    if status in BUSY:
        return GatewayBusy(answer, retry_after_s(headers.get("Retry-After")))
    return GatewayFailed(answer) if status >= 500 else GatewayRejected(answer)


def retry_after_s(header: str | None) -> float:
    """Return the seconds a ``Retry-After`` asks for (a number or a date); 0 if there is none that can be read."""
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return Retry().parse_retry_after(header) if header else 0.0
    except InvalidHeader:
        return 0.0


def _said(body: bytes) -> str:
    words = _words(body.decode("utf-8", "replace"))
    return f" {words}" if words else ""


def _words(text: str) -> str:
    """One line of what may have been two, and no more than a reader will read."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_WORDS else f"{line[: MAX_WORDS - 3]}..."
