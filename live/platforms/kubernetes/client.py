"""The API server behind the official client: each request with its own deadline, bounded retries, our errors."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random
from urllib3.exceptions import HTTPError

from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.errors import InputError
from live.platforms.kubernetes.errors import ClusterConflict, ClusterRefused, ClusterUnreachable, outage, refusal

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

#: An object of the API as JSON.
Json: TypeAlias = dict[str, Any]
#: Who we are in ``managedFields``.
MANAGER = "openfaas-autoscaling"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"

CONNECT_TIMEOUT_S = 2.0
#: One attempt may take this long, so that a stalled connection leaves time for another.
ATTEMPT_TIMEOUT_S = 2.0


class Api:
    """Requests to one API server.

    Every method raises ``ClusterUnreachable`` when there is no answer within the deadline, and
    ``ClusterRefused`` when the answer is no. ``calls`` counts the attempts that were sent.
    """

    def __init__(self, config: KubernetesConfig) -> None:
        self._config = config
        self._client = _connect(config)
        self.calls = 0

    @property
    def server(self) -> str:
        """The server's address."""
        return str(self._client.configuration.host)

    def get(self, path: str, *, within_s: float = 5.0, **query: str) -> Json:
        """Read an object or a list."""
        return self._send("GET", path, within_s, query=query)

    def patch(self, path: str, body: Json, *, within_s: float = 5.0, claim: bool = False) -> Json:
        """Merge ``body`` into an object; None removes a field.

        Args:
            claim: ``body`` names the ``resourceVersion`` it was made for: that somebody else was first is an answer
                (``ClusterConflict``), and the same again would be none.
        """
        return self._send("PATCH", path, within_s, body, MERGE, {"fieldManager": MANAGER}, claim=claim)

    def apply(self, path: str, body: Json, *, within_s: float = 5.0) -> Json:
        """Create an object, or bring what we set in it to what ``body`` says."""
        query = {"fieldManager": MANAGER, "force": "true"}
        return self._send("PATCH", path, within_s, body, APPLY, query)

    def post(self, path: str, body: Json, *, within_s: float = 5.0, claim: bool = False) -> Json:
        """Create an object, or ask a question (access reviews).

        Args:
            claim: that it is there already is an answer, as of ``patch``.
        """
        return self._send("POST", path, within_s, body, "application/json", {"fieldManager": MANAGER}, claim=claim)

    def delete(self, path: str, *, within_s: float = 5.0, grace_s: int | None = None, **query: str) -> None:
        """Delete an object, or with ``labelSelector`` all of a kind; gone already is fine."""
        body: Json = {"propagationPolicy": "Background"}
        if grace_s is not None:
            body["gracePeriodSeconds"] = grace_s
        try:
            self._send("DELETE", path, within_s, body, "application/json", query)
        except ClusterRefused as error:
            if error.status != 404:
                raise

    @contextmanager
    def stream(self, path: str, *, silence_s: float, **query: str) -> Iterator[Iterator[Json]]:
        """Open a watch and give its events; one attempt. Silence of ``silence_s`` counts as an outage.

        Raises:
            WatchExpired: the resource version is too old.
        """
        what = f"watch {path}"
        response = self._attempt("GET", path, (CONNECT_TIMEOUT_S, silence_s), None, "", {"watch": "true", **query})
        try:
            yield _lines(what, response)
        finally:
            response.close()

    def close(self) -> None:
        """Close all connections."""
        self._client.rest_client.close()

    # -- inside

    def _send(
        self,
        method: str,
        path: str,
        within_s: float,
        body: Json | None = None,
        content: str = "",
        query: Mapping[str, str] | None = None,
        *,
        claim: bool = False,
    ) -> Json:
        until = time.monotonic() + within_s
        attempts = Retrying(
            stop=stop_before_delay(within_s),
            wait=_pause,
            retry=retry_if_exception(lambda error: _worth_another(error, claim)),
            reraise=True,
        )
        return attempts(self._once, method, path, until, body, content, query or {})

    def _once(
        self, method: str, path: str, until: float, body: Json | None, content: str, query: Mapping[str, str]
    ) -> Json:
        left_s = max(0.05, min(ATTEMPT_TIMEOUT_S, until - time.monotonic()))
        response = self._attempt(method, path, (min(CONNECT_TIMEOUT_S, left_s), left_s), body, content, query)
        return _object(f"{method} {path}", self._read(f"{method} {path}", response))

    def _attempt(
        self,
        method: str,
        path: str,
        timeout: tuple[float, float],
        body: Json | None,
        content: str,
        query: Mapping[str, str],
    ) -> Any:
        """Send once and return the open response; a 401 gets one more try with credentials read anew."""
        response = self._raw(method, path, timeout, body, content, query)
        if response.status == 401:
            response.close()
            self._client = _connect(self._config)
            response = self._raw(method, path, timeout, body, content, query)
        if response.status >= 300:
            raise refusal(f"{method} {path}", response.status, self._read(path, response), response.headers)
        return response

    def _raw(
        self,
        method: str,
        path: str,
        timeout: tuple[float, float],
        body: Json | None,
        content: str,
        query: Mapping[str, str],
    ) -> Any:
        from kubernetes.client import ApiException

        self.calls += 1
        headers = {"Accept": "application/json"} | ({"Content-Type": content} if content else {})
        request = self._client.param_serialize(
            method, path, query_params=list(query.items()), header_params=headers, body=body,
            auth_settings=["BearerToken"],
        )  # fmt: skip
        try:
            return self._client.call_api(*request, _request_timeout=timeout).response
        except (HTTPError, OSError, ApiException) as error:
            raise outage(f"{method} {path}", error) from error

    def _read(self, what: str, response: Any) -> bytes:
        try:
            return bytes(response.read())
        except (HTTPError, OSError) as error:
            raise outage(what, error) from error
        finally:
            response.release_conn()


def _worth_another(error: BaseException, claim: bool) -> bool:
    return isinstance(error, ClusterUnreachable) and not (claim and isinstance(error, ClusterConflict))


def _object(what: str, body: bytes) -> Json:
    """Return the answer; one that is cut short, or a proxy's page, is no answer."""
    try:
        answer = json.loads(body or b"{}")
    except ValueError as error:
        raise outage(what, error) from error
    if not isinstance(answer, dict):
        raise ClusterUnreachable(f"Kubernetes: {what}: not an object: {body[:80]!r}: is the address right?")
    return answer


def _pause(state: RetryCallState) -> float:
    """Wait as long as the server asks, else 0.1 s doubled each time; both spread out by up to half."""
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.retry_after_s if isinstance(error, ClusterUnreachable) else 0.0
    base_s = asked_s or min(2.0, 0.1 * 2 ** (state.attempt_number - 1))
    return float(base_s + wait_random(0, base_s / 2)(state))


def _lines(what: str, response: Any) -> Iterator[Json]:
    """Yield the events of a watch; its end is the end of the iteration."""
    rest = b""
    try:
        for chunk in response.stream(amt=None):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line)
    except (HTTPError, OSError) as error:
        raise outage(what, error) from error


#: Where a file is named that says which cluster, and how to log in.
KUBECONFIG = "$KUBECONFIG, live.kubernetes.kubeconfig for a farm, target.kubeconfig for a controller"


def _connect(config: KubernetesConfig) -> ApiClient:
    """Return the official client for the configured cluster, with its own hidden retries switched off."""
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import ConfigException, load_incluster_config, load_kube_config

    settings = Configuration()
    try:
        if in_cluster(config):
            load_incluster_config(settings)  # type: ignore[no-untyped-call]
        else:
            named = config.kubeconfig or None, config.context or None
            load_kube_config(*named, settings, persist_config=False)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        place = config.kubeconfig or "$KUBECONFIG or ~/.kube/config"
        reason = " ".join(str(error).split())
        raise InputError(f"no cluster ({place}): {reason}; name its file: {KUBECONFIG}") from None
    settings.retries = False
    return ApiClient(settings)


def in_cluster(config: KubernetesConfig) -> bool:
    """Return whether we run in a pod and no kubeconfig is named."""
    named = config.kubeconfig or config.context or os.environ.get("KUBECONFIG")
    return not named and "KUBERNETES_SERVICE_HOST" in os.environ
