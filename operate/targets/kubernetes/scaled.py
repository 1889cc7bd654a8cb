"""The scaled object as the API server knows it: its plural name by discovery, and the paths that follow."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaling_env.errors import InputError
from live.platforms.kubernetes.client import Api
from live.platforms.kubernetes.errors import ClusterRefused
from operate.targets.kubernetes.settings import KubernetesTargetConfig


@dataclass(frozen=True, slots=True)
class Scaled:
    """One object with a scale subresource.

    Attributes:
        group: API group; "" is the core group.
        version: of the group, such as ``v1``.
        plural: its kind as paths and permissions write it, such as ``deployments``.
        namespace: where it is.
        name: the object's name.
    """

    group: str
    version: str
    plural: str
    namespace: str
    name: str

    @property
    def all(self) -> str:
        """The path of all objects of this kind in the namespace."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/namespaces/{self.namespace}/{self.plural}"

    @property
    def path(self) -> str:
        """The object's own path."""
        return f"{self.all}/{self.name}"

    @property
    def scale(self) -> str:
        """The path of its scale subresource."""
        return f"{self.path}/scale"

    @property
    def pods(self) -> str:
        """The path of all pods in the namespace."""
        return f"/api/v1/namespaces/{self.namespace}/pods"

    @property
    def fields(self) -> str:
        """Selects the object among all of its kind."""
        return f"metadata.name={self.name}"


def discover(api: Api, config: KubernetesTargetConfig) -> Scaled:
    """Ask the server how the object's kind is called and whether it can be scaled.

    Raises:
        InputError: the server does not know the kind, or it has no scale subresource.
        BackendError: the server cannot be asked.
    """
    group, _, version = config.api_version.rpartition("/")
    try:
        listed = api.get(f"/apis/{group}/{version}" if group else f"/api/{version}")["resources"]
    except ClusterRefused as error:
        if error.status != 404:
            raise
        raise InputError(f"the cluster does not offer {config.api_version}: is the CRD installed?") from None
    of_kind = {each["name"] for each in listed if each["kind"] == config.object_kind and "/" not in each["name"]}
    if not of_kind:
        raise InputError(f"the cluster knows no kind {config.object_kind} in {config.api_version}")
    names = {each["name"] for each in listed}
    for plural in sorted(of_kind):
        if f"{plural}/scale" in names:
            return Scaled(group, version, plural, config.namespace, config.name)
    raise InputError(f"{config.api_version} {config.object_kind} has no scale subresource, so nobody can scale it")
