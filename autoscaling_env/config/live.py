"""The real farm: where Redis is, what starts the workers, and how patient everybody is. Times are real seconds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoscaling_env.config.base import PositiveSeconds, RedisUrl, Seconds, Section
from autoscaling_env.config.kubernetes import KubernetesConfig
from autoscaling_env.config.openfaas import OpenFaasConfig


class LiveConfig(Section):
    """Settings of ``--backend local`` and its relatives."""

    time_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Real seconds per episode second: 0.1 runs tasks, delays and steps ten times faster."""
    farm: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")] = "farm"
    """Name of the farm: the first part of all its Redis keys. Two farms on one server need two names."""
    redis_url: RedisUrl | None = None
    """redis://, rediss:// or unix:// address; null: a private server is started on this machine."""
    redis_password_file: str = ""
    """File that holds the password, if it is not in the address."""
    handler: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] = "live.functions.handlers:sleep"
    """module:function that does the work of a task; the default waits for the task's service time."""
    startup: Literal["configured", "real"] = "configured"
    """configured: workers are ready after farm.startup, as in the simulator; real: as soon as they can be."""
    lease_s: PositiveSeconds = 15.0
    """Real seconds a task stays with a silent worker before another one gets it."""
    max_deliveries: Annotated[int, Field(ge=1, le=100)] = 3
    """How often a task is tried before it goes to the dead list."""
    hang_s: PositiveSeconds = 60.0
    """Real seconds a handler may show no progress before its worker gives the task up."""
    drain_grace_s: Seconds = 30.0
    """Real seconds a worker told to leave may finish its task in; then it hands the task back."""
    max_result_bytes: Annotated[int, Field(ge=1, le=500_000_000)] = 1_000_000
    """A larger result counts as a failure of the task."""
    memory_limit_mb: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Address space of a worker process in MiB; 0: no limit."""
    outage_limit_s: PositiveSeconds = 30.0
    """Real seconds the server may not answer before the episode is given up."""
    openfaas: OpenFaasConfig = OpenFaasConfig()
    """The platform openfaas: its gateway and functions."""
    kubernetes: KubernetesConfig = KubernetesConfig()
    """The platform kubernetes: its cluster, namespace and pods."""
