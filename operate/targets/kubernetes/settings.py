"""Which workers in which cluster."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from autoscaling_env.config.base import Section
from autoscaling_env.config.kubernetes import KubernetesConfig, Label

#: Short words for what nearly everybody scales -> API version and kind.
SHORT = {
    "deployment": ("apps/v1", "Deployment"),
    "statefulset": ("apps/v1", "StatefulSet"),
    "replicaset": ("apps/v1", "ReplicaSet"),
}
_NAME = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
_RESOURCE = rf"^(({'|'.join(SHORT)})|([a-z0-9.-]+/)?v[a-z0-9]+/[A-Z][A-Za-z0-9]*)/{_NAME}$"
#: A label or an annotation, with a value or without.
_MARK = r"^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?(=[^=]*)?$"


class KubernetesTargetConfig(Section):
    """An object in a cluster that has a scale subresource."""

    kind: Literal["kubernetes"] = "kubernetes"
    """A Deployment, or any other object with a scale subresource."""
    resource: Annotated[str, Field(pattern=_RESOURCE)]
    """What is scaled: `deployment/worker`, `statefulset/worker`, or `argoproj.io/v1alpha1/Rollout/worker`."""
    namespace: Label = "default"
    """Where it is."""
    kubeconfig: str = ""
    """File that names the cluster; empty: $KUBECONFIG, ~/.kube/config, or the pod's own service account."""
    context: str = ""
    """Context of that file; empty: its current one."""
    idle: Annotated[str, Field(pattern=_MARK)] | None = None
    """Label or annotation by which a pod says that it has nothing to do, such as `worker/idle=true`; scale-in takes
    those first. Null: Kubernetes chooses."""
    watch_renewal: Annotated[float, Field(ge=1, le=300)] = 5.0
    """Seconds that a watch lasts; a silent API server is noticed within twice this."""

    @field_validator("resource", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.search(_RESOURCE, value):
            short = ", ".join(f"{word}/NAME" for word in SHORT)
            raise ValueError(f"must be {short} or GROUP/VERSION/KIND/NAME")
        return value

    @model_validator(mode="after")
    def _can_choose(self) -> KubernetesTargetConfig:
        if self.idle is not None and self.object_kind == "StatefulSet":
            raise ValueError("idle has no effect on a StatefulSet, which always removes its last pod: leave it out")
        return self

    @property
    def api_version(self) -> str:
        """The API version of the object, such as ``apps/v1``."""
        short = self.resource.partition("/")[0]
        return SHORT[short][0] if short in SHORT else self.resource.rsplit("/", 2)[0]

    @property
    def object_kind(self) -> str:
        """The object's kind, such as ``Deployment``."""
        short = self.resource.partition("/")[0]
        return SHORT[short][1] if short in SHORT else self.resource.split("/")[-2]

    @property
    def name(self) -> str:
        """The object's name."""
        return self.resource.rpartition("/")[2]

    @property
    def shown(self) -> str:
        """As a reader is told: ``Deployment worker in namespace jobs``."""
        return f"{self.object_kind} {self.name} in namespace {self.namespace}"

    def cluster(self) -> KubernetesConfig:
        """Return which cluster that is, as the client takes it."""
        return KubernetesConfig(namespace=self.namespace, kubeconfig=self.kubeconfig, context=self.context)
