"""What one pod's status says, in the few facts a farm needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def read_pod(item: Json) -> Pod:
    """Return the facts of a pod as the API gives it."""
    metadata, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    container = (status.get("containerStatuses") or [{}])[0]
    state = container.get("state", {})
    return Pod(
        name=metadata["name"],
        episode=metadata.get("labels", {}).get(EPISODE, ""),
        gated=any(gate["name"] == GATE for gate in spec.get("schedulingGates", [])),
        leaving="deletionTimestamp" in metadata,
        over=status.get("phase") in {"Failed", "Succeeded"},
        running="running" in state,
        started=bool(container.get("started")),
        trouble=_trouble(state.get("waiting", {}), spec, container) or _unschedulable(status),
        ended=tuple(_ended(each["terminated"]) for each in _states(container) if "terminated" in each),
        cost=int(metadata.get("annotations", {}).get(DELETION_COST, 0)),
        why=status.get("reason", ""),
    )


def _states(container: Json) -> list[Json]:
    return [container.get("state", {}), container.get("lastState", {})]


def _trouble(waiting: dict[str, Any], spec: Json, container: Json) -> str:
    reason = waiting.get("reason", "")
    if reason not in TROUBLES:
        return ""
    last = container.get("lastState", {}).get("terminated")
    found = f"last ended with {_ended(last).how}{_last_words(last)}" if last else _image(spec)
    return f"{reason} ({found}): {TROUBLES[reason]}"


def _image(spec: Json) -> str:
    return f"image {spec['containers'][0]['image']}"


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
