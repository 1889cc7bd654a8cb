"""What one pod's status says, in the few facts a farm needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from live.platforms.kubernetes.client import Json
from live.platforms.kubernetes.names import DELETION_COST, EPISODE, GATE

#: Why a container does not run -> what to do about it. Waiting for any other reason is normal for a while.
TROUBLES: dict[str, str] = {
    "ErrImagePull": "is the image pushed where the nodes pull, and live.kubernetes.image right?",
    "ImagePullBackOff": "is the image pushed where the nodes pull, and live.kubernetes.image right?",
    "ErrImageNeverPull": "the node lacks the image and image_pull_policy is Never",
    "InvalidImageName": "correct live.kubernetes.image",
    "CreateContainerConfigError": "does the Secret named by live.kubernetes.redis_secret exist?",
    "CreateContainerError": "see `kubectl describe pod`",
    "RunContainerError": "see `kubectl describe pod`",
    "CrashLoopBackOff": "see `kubectl logs --previous`",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A container that ended. Times are Unix seconds, cut to whole seconds by Kubernetes."""

    container: str
    reason: str
    exit_code: int
    started_s: float
    finished_s: float

    @property
    def how(self) -> str:
        """One phrase: ``OOMKilled`` or ``exit code 3``."""
        plain = self.reason in {"", "Error", "Completed"}
        return f"exit code {self.exit_code}" if plain else f"{self.reason}, exit code {self.exit_code}"


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of the farm.

    Attributes:
        name: also the host name its function registers under.
        episode: the episode it was made for; "" for emitter and collector.
        gated: held back until its start-up delay has passed.
        leaving: told to go.
        over: failed or evicted for good; it will be replaced.
        running: its container runs.
        started: its function has said that it is ready, once.
        trouble: why it cannot start, with the remedy, or "".
        ended: containers that ended, the newest first (at most two are known).
        cost: its deletion cost.
        why: why it is over, such as ``Evicted``.
        ready: it passes its readiness probes, if it has any.
    """

    name: str
    episode: str
    gated: bool
    leaving: bool
    over: bool
    running: bool
    started: bool
    trouble: str
    ended: tuple[Ended, ...]
    cost: int
    why: str = ""
    ready: bool = False


def read_pod(item: Json, remedies: Mapping[str, str] = TROUBLES) -> Pod:
    """Return the facts of a pod as the API gives it.

    Of several containers the first is the worker; what keeps any of them from running is its trouble.

    Args:
        remedies: why a container waits -> what to do about it.
    """
    metadata, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    containers = status.get("containerStatuses") or [{}]
    container = containers[0]
    state = container.get("state", {})
    waiting = [_trouble(each, spec, remedies) for each in containers]
    return Pod(
        name=metadata["name"],
        episode=metadata.get("labels", {}).get(EPISODE, ""),
        gated=any(gate["name"] == GATE for gate in spec.get("schedulingGates", [])),
        leaving="deletionTimestamp" in metadata,
        over=status.get("phase") in {"Failed", "Succeeded"},
        running="running" in state,
        started=bool(container.get("started")),
        trouble=next(filter(None, waiting), "") or _unschedulable(status),
        ended=tuple(_ended(each["terminated"]) for each in _states(container) if "terminated" in each),
        cost=int(metadata.get("annotations", {}).get(DELETION_COST, 0)),
        why=status.get("reason", ""),
        ready=any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", [])),
    )


def _states(container: Json) -> list[Json]:
    return [container.get("state", {}), container.get("lastState", {})]


def _trouble(container: Json, spec: Json, remedies: Mapping[str, str]) -> str:
    reason = container.get("state", {}).get("waiting", {}).get("reason", "")
    if reason not in remedies:
        return ""
    last = container.get("lastState", {}).get("terminated")
    found = f"last ended with {_ended(last).how}{_last_words(last)}" if last else _image(spec, container)
    return f"{reason} ({found}): {remedies[reason]}"


def _image(spec: Json, container: Json) -> str:
    images = {each.get("name"): each["image"] for each in spec["containers"]}
    return f"image {images.get(container.get('name')) or spec['containers'][0]['image']}"


def _last_words(terminated: Json) -> str:
    """Return the last line a container printed before it failed."""
    lines = terminated.get("message", "").strip().splitlines()
    return f", saying {lines[-1].strip()!r}" if lines else ""


def _unschedulable(status: Json) -> str:
    for condition in status.get("conditions", []):
        if condition.get("reason") == "Unschedulable":
            return f"no node takes the pod: {condition.get('message', '')}"
    return ""


def _ended(terminated: Json) -> Ended:
    return Ended(
        terminated.get("containerID", ""),
        terminated.get("reason", ""),
        int(terminated.get("exitCode", 0)),
        unix_s(terminated.get("startedAt")),
        unix_s(terminated.get("finishedAt")),
    )


def unix_s(text: str | None) -> float:
    """Return the Unix time of a Kubernetes time stamp; 0 for none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0
