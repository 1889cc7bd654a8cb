"""The farm on Kubernetes: which cluster, which image, what a pod may use. Times are real seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from autoscaling_env.config.base import PositiveSeconds, RedisUrl, Section

#: A quantity as Kubernetes writes it: 10m, 0.5, 64Mi, 1Gi.
Quantity = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(m|k|M|G|Ki|Mi|Gi)?$")]
#: A name as Kubernetes allows it for most objects.
Label = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class KubernetesConfig(Section):
    """Settings of ``--backend kubernetes``."""

    namespace: Label = "autoscaling"
    """Where all objects of the farm live; it must exist."""
    kubeconfig: str = ""
    """File that names the cluster; empty: $KUBECONFIG, ~/.kube/config, or the pod's own service account."""
    context: str = ""
    """Context of that file; empty: its current one."""
    image: Annotated[str, Field(min_length=1)] = "openfaas-autoscaling:latest"
    """Image of emitter, worker and collector, built from the Dockerfile."""
    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """When a node fetches the image."""
    redis_url: RedisUrl | None = None
    """Redis as the pods reach it; null: the same address as live.redis_url."""
    redis_secret: str = ""
    """Secret whose key `password` holds the Redis password; empty: the address has it or there is none."""
    control: Literal["own", "external"] = "own"
    """own: the policy sets the worker count; external: it is only observed (an HPA, KEDA, a person sets it)."""
    deletion_cost: bool = True
    """Tell Kubernetes which workers to remove first: idle ones, then those free soonest."""
    worker_cpu: Quantity = "10m"
    """CPU a worker asks for; no limit is set."""
    worker_memory: Quantity = "96Mi"
    """Memory a worker asks for and may not exceed."""
    open_timeout_s: PositiveSeconds = 120.0
    """Real seconds pods may take to start before `farm up` or an episode gives up."""
    call_timeout_s: PositiveSeconds = 5.0
    """Real seconds one call to the API server may take, retries included."""
    watch_renewal_s: Annotated[float, Field(ge=1, le=300)] = 5.0
    """A watch lasts so long; a silent API server is noticed, and readings are stale, within twice this."""

    @model_validator(mode="after")
    def _in_order(self) -> KubernetesConfig:
        if self.call_timeout_s > self.open_timeout_s:
            raise ValueError(f"call_timeout_s {self.call_timeout_s:g} exceeds open_timeout_s {self.open_timeout_s:g}")
        return self
