"""What can go wrong with the API server, in our words: the one place where its answers are translated."""

from __future__ import annotations

import json
from collections.abc import Mapping

from autoscaling_env.errors import BackendError


class ClusterUnreachable(BackendError):  # noqa: N818 - reads as what happened, like its siblings
    """No usable answer for now: refused, cut, timed out, overloaded, internal error. Worth a retry.

    ``retry_after_s``: how long the server asked us to wait, or 0.
    """

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ClusterConflict(ClusterUnreachable):
    """Somebody else was first: the object has changed since, or is there already."""


class ClusterRefused(BackendError):  # noqa: N818
    """The server answered, and will not do it. ``status`` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class WorkloadGone(BackendError):  # noqa: N818
    """An object of the running farm was deleted by somebody else."""


class WatchExpired(Exception):  # noqa: N818 - news for the watch, never shown
    """The history the watch wanted to go on from is no longer kept: list again."""


#: Worth another attempt within the deadline of the call. All our requests may be sent twice.
TRANSIENT = frozenset({408, 409, 429, 500, 502, 503, 504})

REMEDIES: Mapping[int, str] = {
    400: "this is a defect, report it",
    401: "the credentials have expired or are wrong: log in again, or renew the token in the kubeconfig",
    403: "the account lacks this permission; `autoscale doctor`, for a controller `autoscale operate check`, lists all",
    404: "it is not there: is the namespace right (and for a farm of ours, was `autoscale farm up` run)?",
    405: "the server does not offer this; Kubernetes 1.30 or newer is needed",
    408: "the server gave up waiting; is it overloaded?",
    409: "somebody else keeps changing the object at the same time",
    410: "this is a defect, report it",
    415: "the server does not offer this; Kubernetes 1.30 or newer is needed",
    422: "the cluster's rules forbid the object as it is",
    429: "the server limits requests: fewer farms, or a higher priority level",
    500: "the server failed; see its log",
    503: "the server or an admission webhook behind it is down",
    504: "the server's store is slow",
}


def refusal(what: str, status: int, body: bytes, headers: Mapping[str, str]) -> BackendError:
    """Return our error for an answer that is not a success; ``what`` names the request.

    Raises:
        WatchExpired: for 410, which only a watch gets.
    """
    if status == 410:
        raise WatchExpired
    remedy = REMEDIES.get(status) or REMEDIES[500 if status >= 500 else 400]
    message = f"Kubernetes: {what}: {status} {_reason(body)}: {remedy}"
    if status in TRANSIENT:
        kind = ClusterConflict if status == 409 else ClusterUnreachable
        return kind(message, _seconds(headers.get("Retry-After", "")))
    return ClusterRefused(message, status)


def outage(what: str, error: Exception) -> ClusterUnreachable:
    """Return our error for a connection that failed."""
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return ClusterUnreachable(f"Kubernetes: {what}: {reason}: is the API server up, and the address right?")


def _reason(body: bytes) -> str:
    try:
        message = json.loads(body)["message"]
    except (ValueError, KeyError, TypeError):
        message = body[:200].decode("utf-8", "replace")
    return " ".join(str(message).split()) or "(no message)"


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0
