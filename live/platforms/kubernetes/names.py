"""How the objects of a farm are called, labelled and addressed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

#: Labels; the prefix is ours alone.
PART_OF = "app.kubernetes.io/part-of"
PROJECT = "openfaas-autoscaling"
FARM = "autoscaling/farm"
ROLE = "autoscaling/role"
EPISODE = "autoscaling/episode"
#: Which run of a controller made the object, or was the last to do so.
RUN = "autoscaling/run"
#: What keeps a pod from being scheduled until its start-up delay has passed.
GATE = "autoscaling/startup-delay"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"


@dataclass(frozen=True, slots=True)
class Names:
    """Names and paths of one farm in one namespace.

    Attributes:
        namespace: the namespace of all objects.
        farm: the farm's name as on Redis; may have capitals and dots, which Kubernetes does not allow.
    """

    namespace: str
    farm: str

    @property
    def base(self) -> str:
        """The farm's name as Kubernetes allows it; two farms never get the same one."""
        plain = re.sub(r"[^a-z0-9]+", "-", self.farm.lower()).strip("-")[:40] or "farm"
        if plain == self.farm:
            return plain
        return f"{plain}-{hashlib.sha256(self.farm.encode()).hexdigest()[:6]}"

    def of(self, role: str) -> str:
        """Return the name of the Deployment of ``role`` (emitter, worker, collector)."""
        return f"{self.base}-{role}"

    @property
    def anchor(self) -> str:
        """The ConfigMap that owns all the others."""
        return f"{self.base}-farm"

    @property
    def selector(self) -> str:
        """Selects everything of this farm."""
        return f"{FARM}={self.base}"

    def select(self, role: str) -> str:
        """Select the pods of ``role``."""
        return f"{self.selector},{ROLE}={role}"

    def labels(self, role: str) -> dict[str, str]:
        """Return the labels of every object of ``role``."""
        return {PART_OF: PROJECT, FARM: self.base, ROLE: role}

    # -- paths of the API

    @property
    def pods(self) -> str:
        """All pods."""
        return f"/api/v1/namespaces/{self.namespace}/pods"

    def pod(self, name: str) -> str:
        """One pod."""
        return f"{self.pods}/{name}"

    @property
    def configmaps(self) -> str:
        """All ConfigMaps."""
        return f"/api/v1/namespaces/{self.namespace}/configmaps"

    @property
    def deployments(self) -> str:
        """All Deployments."""
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments"

    def deployment(self, role: str) -> str:
        """Return the Deployment of ``role``."""
        return f"{self.deployments}/{self.of(role)}"

    @property
    def scale(self) -> str:
        """The scale subresource of the workers."""
        return f"{self.deployment('worker')}/scale"
