"""The provider and the cluster behind the tests' gateway: Deployments, replicas with probes, and an informer."""

from __future__ import annotations

import itertools
import math
import re
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.live.platforms.openfaas.kubelet import Kubelet, milliseconds
from tests.ports import free_port

NAMESPACE = "openfaas-fn"
CE_REPLICAS, CE_FUNCTIONS = 5, 15
LOOP_S = 0.01
NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?")
VALUE = re.compile(r"([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?")


@dataclass
class Timing:
    """Seconds. The defaults are those of the real provider."""

    container_start_s: float = 0.3
    probe_initial_s: float = 2.0
    probe_period_s: float = 2.0
    probe_timeout_s: float = 1.0
    informer_s: float = 0.2
    grace_s: float = 30.0


@dataclass
class Pod:
    """One replica. ``container``: the process that runs in it now."""

    name: str
    created_s: float
    order: int
    starts_s: float = 0.0
    probe_s: float = 0.0
    container: str = ""
    port: int = 0
    ready: bool = False
    told_s: float = 0.0
    restarts: int = 0


@dataclass
class Function:
    """A labelled Deployment, and what the informer has seen of it: (when, wanted, available)."""

    deployment: dict[str, Any]
    replicas: int
    created_s: float
    seen: list[tuple[float, int, int]] = field(default_factory=list)
    deleted_s: float = 0.0
    pods: dict[str, Pod] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818
    """An answer other than 202."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status


class Provider:
    """faas-netes and the cluster under it.

    Args:
        community: Community Edition, with its limits and the informer that enforces them.
        removal: which ready replica goes first when there are too many: ``newest`` or ``any``.
    """

    def __init__(self, kubelet: Kubelet, timing: Timing, *, community: bool, removal: str = "newest") -> None:
        self.functions: dict[str, Function] = {}
        self.community = community
        self.zero_refused = False
        self.crash: set[str] = set()
        self.secrets: set[str] = set()
        self.timing = timing
        self._removal = removal
        self._rng = np.random.default_rng(7)
        self._kubelet = kubelet
        self._gone: list[tuple[float, str, Function]] = []
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(work,), daemon=True) for work in (self._reconcile, self._probe)
        ]
        for thread in self._threads:
            thread.start()

    # -- what the gateway calls

    def deploy(self, body: dict[str, Any]) -> None:
        with self._lock:
            self._validate(body)
            name = body["service"]
            if self.community and len(self.functions) + 1 > CE_FUNCTIONS:
                raise Refusal(400, f"unable to create function, maximum: {CE_FUNCTIONS}, visit openfaas.com/pricing")
            if name in self.functions:
                raise Refusal(500, f'unable create Deployment: deployments.apps "{name}" already exists')
            wanted = int(body.get("labels", {}).get("com.openfaas.scale.min", 1)) or 1
            self.functions[name] = Function(body, wanted, time.monotonic())
            self._see(self.functions[name])

    def update(self, body: dict[str, Any]) -> None:
        with self._lock:
            self._validate(body)
            self._known(body["service"], 404).deployment = body

    def delete(self, body: dict[str, Any]) -> None:
        with self._lock:
            if not body.get("functionName"):
                raise Refusal(400, "")
            function = self._known(body["functionName"], 404)
            function.deleted_s = function.deleted_s or time.monotonic()

    def scale(self, name: str, body: dict[str, Any]) -> None:
        with self._lock:
            if body.get("namespace", NAMESPACE) != NAMESPACE and self.community:
                raise Refusal(400, "namespace must be: openfaas-fn")
            if self.zero_refused and body.get("replicas", 0) == 0:
                raise Refusal(400, "replicas cannot be set to 0 in OpenFaaS CE")
            function = self._known(name, 500)
            wanted = body.get("replicas", 0)
            self._set(function, min(wanted, CE_REPLICAS) if self.community else wanted)

    def alert(self, body: dict[str, Any]) -> None:
        """What the gateway does with Alertmanager's news: a share of the maximum more, or back to the minimum."""
        with self._lock:
            for each in body["alerts"]:
                name = each["labels"]["function_name"].partition(".")[0]
                function = self._known(name, 500)
                labels = function.deployment.get("labels", {})
                most = int(labels.get("com.openfaas.scale.max", CE_REPLICAS if self.community else 20))
                step = math.ceil(most * int(labels.get("com.openfaas.scale.factor", 10)) / 100)
                fewest = int(labels.get("com.openfaas.scale.min", 1))
                wanted = min(most, function.replicas + step) if each["status"] == "firing" and step else fewest
                self.scale(name, {"replicas": wanted})

    def status(self, name: str) -> dict[str, Any] | None:
        with self._lock:
            function = self.functions.get(name)
            return None if function is None else self._status(function)

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            known = (self._status(function) for function in self.functions.values())
            return [status for status in known if status is not None]

    # -- what others do

    def kubectl_scale(self, name: str, replicas: int) -> None:
        with self._lock:
            self._set(self.functions[name], replicas)

    def kubectl_delete(self, name: str) -> None:
        self.delete({"functionName": name})

    def pods(self, name: str = "") -> list[Pod]:
        with self._lock:
            return [pod for each, f in self.functions.items() if name in {"", each} for pod in f.pods.values()]

    def kill_pod(self, pod: Pod) -> None:
        self._kubelet.signal(pod.container, signal.SIGKILL)

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._kubelet.close()

    # -- inside

    def _validate(self, body: dict[str, Any]) -> None:
        if not body.get("service") or not body.get("image"):
            raise Refusal(400, "validation failed: service and image are required")
        if not NAME.fullmatch(body["service"]):
            raise Refusal(400, f"validation failed: service: ({body['service']}) is invalid")
        for label, value in body.get("labels", {}).items():
            if not isinstance(value, str) or not LABEL.fullmatch(label) or not VALUE.fullmatch(value):
                raise Refusal(400, f"invalid label {label}: {value!r}")
        for secret in body.get("secrets", []):
            if secret not in self.secrets:
                raise Refusal(400, f'unable to find secret "{secret}" in namespace {NAMESPACE}')
        if self.community:
            self._validate_community(body)

    def _validate_community(self, body: dict[str, Any]) -> None:
        if body.get("namespace", NAMESPACE) != NAMESPACE:
            raise Refusal(400, "namespace must be: openfaas-fn")
        for label, value in body.get("labels", {}).items():
            if label in {"com.openfaas.scale.min", "com.openfaas.scale.max"} and int(value) > CE_REPLICAS:
                raise Refusal(400, f"{label} must be {CE_REPLICAS} or less in OpenFaaS CE")
            if label.startswith(("com.openfaas.scale.target", "com.openfaas.scale.type", "com.openfaas.scale.zero")):
                raise Refusal(400, f"{label} is not available in OpenFaaS CE")
        if body["image"].startswith("private/"):
            raise Refusal(400, "the Community Edition license agreement only allows public images")

    def _known(self, name: str, status: int) -> Function:
        if name not in self.functions:
            raise Refusal(status, f"Unable to lookup function deployment {name}\ndeployments.apps not found")
        return self.functions[name]

    def _set(self, function: Function, replicas: int) -> None:
        function.replicas = replicas
        self._see(function)

    def _see(self, function: Function) -> None:
        """Write down what the informer will show ``informer_s`` from now."""
        available = sum(pod.ready and not pod.told_s for pod in function.pods.values())
        if not function.seen or function.seen[-1][1:] != (function.replicas, available):
            function.seen.append((time.monotonic(), function.replicas, available))

    def _status(self, function: Function) -> dict[str, Any] | None:
        """As the informer shows it: late, and without zero values."""
        shown_s = time.monotonic() - self.timing.informer_s
        shown = [(wanted, available) for at_s, wanted, available in function.seen if at_s <= shown_s]
        if not shown:
            return None
        wanted, available = shown[-1]
        body = function.deployment
        status = {"name": body["service"], **{key: body[key] for key in body if key != "service"}}
        status |= {"replicas": wanted, "availableReplicas": available, "createdAt": "2026-01-01T00:00:00Z"}
        return {key: value for key, value in status.items() if value not in (0, "", False, {}, [])}

    def _loop(self, work: Callable[[], None]) -> None:
        while not self._stop.wait(LOOP_S):
            work()

    def _reconcile(self) -> None:
        with self._lock:
            now_s = time.monotonic()
            for name, function in list(self.functions.items()):
                self._enforce(function, now_s)
                self._fit(name, function, now_s)
                self._see(function)
                if function.deleted_s and not function.pods:
                    del self.functions[name]

    def _enforce(self, function: Function, now_s: float) -> None:
        """The Community Edition's informer sets any function back to 1-5, whoever scaled it."""
        late = now_s - function.seen[-1][0] >= self.timing.informer_s
        if self.community and late and not 1 <= function.replicas <= CE_REPLICAS:
            self._set(function, min(CE_REPLICAS, max(1, function.replicas)))

    def _fit(self, name: str, function: Function, now_s: float) -> None:
        wanted = 0 if function.deleted_s else function.replicas
        staying = [pod for pod in function.pods.values() if not pod.told_s]
        for _ in range(wanted - len(staying)):
            number = next(self._numbers)
            pod = Pod(f"{name}-7d9c8b6f5-x{number:04d}", now_s, number)
            pod.starts_s = now_s + self.timing.container_start_s
            function.pods[pod.name] = pod
        for pod in sorted(staying, key=self._goes_first)[: max(0, len(staying) - wanted)]:
            pod.told_s = now_s
            self._kubelet.signal(pod.container, signal.SIGTERM)
        for pod in list(function.pods.values()):
            if not pod.container and pod.told_s:
                del function.pods[pod.name]
            elif not pod.container and now_s >= pod.starts_s and name not in self.crash:
                self._start(function, pod, now_s)
            elif pod.told_s and now_s - pod.told_s > self.timing.grace_s:
                self._kubelet.signal(pod.container, signal.SIGKILL)

    def _goes_first(self, pod: Pod) -> tuple[bool, float]:
        """The ReplicaSet's order: those not ready, then the newest (or, to be hard on us, any)."""
        return pod.ready, -pod.order if self._removal == "newest" or not pod.ready else self._rng.random()

    def _start(self, function: Function, pod: Pod, now_s: float) -> None:
        body = function.deployment
        pod.port, pod.container = free_port(), f"{pod.name}/{pod.restarts}"
        pod.probe_s = now_s + self.timing.probe_initial_s
        environment = body.get("envVars", {}) | {
            "fprocess": body["envProcess"],
            "AUTOSCALE_FN_HTTP_PORT": str(pod.port),
            "AUTOSCALE_FN_HTTP_HOST": "127.0.0.1",
            # What a container calls itself there: its pod, process 1, when it began.
            "AUTOSCALE_FN_NAME": f"{pod.name}.1.{milliseconds()}",
        }
        self._kubelet.start(pod.container, body["envProcess"], environment, lambda *_: self._ended(function, pod))

    def _ended(self, function: Function, pod: Pod) -> None:
        with self._lock:
            pod.container, pod.ready = "", False
            if pod.told_s:
                function.pods.pop(pod.name, None)
            else:  # RestartPolicy Always
                pod.restarts += 1
                pod.starts_s = time.monotonic() + self.timing.container_start_s
            self._see(function)

    def _probe(self) -> None:
        with self._lock:
            now_s = time.monotonic()
            due = [
                pod
                for f in self.functions.values()
                for pod in f.pods.values()
                if pod.container and now_s >= pod.probe_s
            ]
        for pod in due:
            healthy = self._kubelet.healthy(pod.container, pod.port, self.timing.probe_timeout_s)
            with self._lock:
                pod.ready = healthy and bool(pod.container)
                pod.probe_s = time.monotonic() + self.timing.probe_period_s
