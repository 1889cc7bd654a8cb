"""What an account must be allowed to do, one line for each verb with its reason, and how to ask the server for it."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import Finding
from live.platforms.kubernetes.client import Api


@dataclass(frozen=True, slots=True)
class Permission:
    """One verb on one resource in the farm's namespace.

    Attributes:
        group: API group; "" is the core group.
        resource: plural name, with a subresource after a slash.
        why: what does not work without it.
        doctor_only: needed by `autoscale doctor` alone.
        name: the one object that it is needed for; "": all of the namespace.
    """

    verb: str
    group: str
    resource: str
    why: str
    doctor_only: bool = False
    name: str = ""

    @property
    def shown(self) -> str:
        """As a reader writes it: ``patch deployments/scale``, ``get leases worker``."""
        return f"{self.verb} {self.resource} {self.name}".rstrip()


#: Nothing else is asked of the cluster; deploy/kubernetes/base/rbac.yaml grants exactly these.
NEEDED: tuple[Permission, ...] = (
    Permission("create", "", "configmaps", "the object that owns the farm is made"),
    Permission("patch", "", "configmaps", "a farm that is there is taken up again"),
    Permission("delete", "", "configmaps", "`farm down` deletes the owner and with it all the rest"),
    Permission("create", "apps", "deployments", "emitter, collector and workers are made"),
    Permission("patch", "apps", "deployments", "each episode gets fresh workers"),
    Permission("delete", "apps", "deployments", "`farm down` deletes what an interrupted `up` left"),
    Permission("list", "apps", "deployments", "the wanted number of workers is read"),
    Permission("watch", "apps", "deployments", "who else changes the number is noticed"),
    Permission("patch", "apps", "deployments/scale", "workers are added and removed"),
    Permission("list", "", "pods", "workers are counted"),
    Permission("watch", "", "pods", "workers that start, leave and die are noticed"),
    Permission("patch", "", "pods", "start-up delays and deletion costs are set"),
    Permission("deletecollection", "", "pods", "workers of the last episode end at once"),
    Permission("list", "autoscaling", "horizontalpodautoscalers", "the doctor finds who else scales", doctor_only=True),
    Permission("create", "", "pods", "the doctor tries image and Redis in a pod", doctor_only=True),
    Permission("get", "", "pods", "the doctor reads what its pod found", doctor_only=True),
    Permission("delete", "", "pods", "the doctor removes its pod", doctor_only=True),
)

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def finding(api: Api, namespace: str, permission: Permission, remedy: str) -> Finding:
    """Return whether we may, as a doctor says it; ``remedy`` is what to do where we may not."""
    what = f"may {permission.shown}"
    try:
        may = allowed(api, namespace, permission)
    except BackendError as error:
        return Finding(what, False, str(error), "see the API server's log")
    if may:
        return Finding(what, True, f"in namespace {namespace}")
    return Finding(what, False, f"not in namespace {namespace}; needed so that {permission.why}", remedy)


def allowed(api: Api, namespace: str, permission: Permission) -> bool:
    """Ask the server whether we may (a SelfSubjectAccessReview, which everybody may make)."""
    resource, _, subresource = permission.resource.partition("/")
    attributes = {
        "namespace": namespace,
        "verb": permission.verb,
        "group": permission.group,
        "resource": resource,
        "subresource": subresource,
    } | ({"name": permission.name} if permission.name else {})
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(api.post(REVIEWS, review).get("status", {}).get("allowed", False))
