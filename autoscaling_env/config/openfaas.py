"""OpenFaaS: where its gateway is, how workers are laid out on functions, and how long an answer may be old."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from autoscaling_env.config.base import PositiveSeconds, RedisUrl, Seconds, Section

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
Quantity = Annotated[str, Field(pattern=r"^([0-9]+(\.[0-9]+)?(m|k|M|G|Ki|Mi|Gi)?)?$")]


class OpenFaasConfig(Section):
    """Settings of ``--backend openfaas``. Times are real seconds."""

    gateway: Annotated[str, Field(pattern=r"^https?://[^/@\s]+(/\S*)?$")] = "http://127.0.0.1:8080"
    """Address of the gateway, without user and password."""
    user: str = "admin"
    """User of the gateway's basic auth."""
    password_file: str = ""
    """File that holds the password (key basic-auth-password of the secret basic-auth); empty: no authentication."""
    ca_file: str = ""
    """Certificates that vouch for an https gateway; empty: those of this machine."""
    namespace: Name = "openfaas-fn"
    """Namespace of the functions; the Community Edition has this one only."""
    mode: Literal["auto", "replicas", "functions"] = "auto"
    """replicas: of one function; functions: one a worker, replicas where no more are allowed; auto: by the edition."""
    image: str = ""
    """Image of emitter, workers and collector (deploy/openfaas/Dockerfile); public in the Community Edition."""
    redis_url: RedisUrl | None = None
    """Where the functions reach Redis; null: at live.redis_url."""
    redis_secret: str = ""
    """OpenFaaS secret that holds the Redis password; empty: the address has it, or there is none."""
    secrets: tuple[Name, ...] = ()
    """Further OpenFaaS secrets the workers are given."""
    cpu: Quantity = "100m"
    """CPU a function asks for."""
    memory: Quantity = "96Mi"
    """Memory a function asks for."""
    memory_limit: Quantity = "256Mi"
    """Memory a function may use; empty: no limit."""
    attempt_timeout_s: PositiveSeconds = 2.0
    """Seconds one attempt of a call may take; calls that can be repeated are, within the platform's deadline."""
    settle_s: Seconds = 1.0
    """Seconds after a change during which an old value may still be read, and is not believed."""
    poll_s: PositiveSeconds = 0.5
    """Seconds between looks at the functions."""
    termination_grace_s: Annotated[float, Field(ge=5, le=3600)] = 30.0
    """Seconds Kubernetes gives a removed replica; its worker hands its task back before."""
