"""One pod of somebody's workers, in the few facts that counting and choosing need."""

from __future__ import annotations

from dataclasses import dataclass

from live.platforms.kubernetes.client import Json
from live.platforms.kubernetes.pods import Pod, read_pod

_IMAGE = "is the image pushed where the nodes pull, and its name right?"
#: Why a container of somebody's Deployment does not run -> what to do about it.
REMEDIES = {
    "ErrImagePull": _IMAGE,
    "ImagePullBackOff": _IMAGE,
    "ErrImageNeverPull": "the node lacks the image and imagePullPolicy is Never",
    "InvalidImageName": "correct the image's name",
    "CreateContainerConfigError": "does the ConfigMap or Secret exist that it names?",
    "CreateContainerError": "see `kubectl describe pod`",
    "RunContainerError": "see `kubectl describe pod`",
    "CrashLoopBackOff": "see `kubectl logs --previous`",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """By which a pod says that it has nothing to do: a label or an annotation, and its value."""

    key: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Mark:
        """Read ``worker/idle=true``; without a value it is ``true``."""
        key, _, value = text.partition("=")
        return cls(key, value or "true")

    def on(self, item: Json) -> bool:
        """Return whether the pod bears it."""
        metadata = item["metadata"]
        return any((metadata.get(where) or {}).get(self.key) == self.value for where in ("labels", "annotations"))


@dataclass(frozen=True, slots=True)
class Worker:
    """A pod, and whether it says that it has nothing to do."""

    pod: Pod
    idle: bool

    @property
    def there(self) -> bool:
        """Whether it is one of the wanted ones: neither leaving nor over."""
        return not self.pod.leaving and not self.pod.over


def read_worker(item: Json, mark: Mark | None) -> Worker:
    """Return the facts of a pod as the API gives it."""
    return Worker(read_pod(item, REMEDIES), mark is not None and mark.on(item))


def go_first(workers: list[Worker], fewer: int) -> list[Pod]:
    """Return the pods to be removed before all others, at most ``fewer``: not ready ones, then idle ones."""
    free = [each for each in workers if not each.pod.ready or each.idle]
    return [each.pod for each in sorted(free, key=lambda each: (each.pod.ready, each.pod.name))][: max(0, fewer)]
