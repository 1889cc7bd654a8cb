"""Configurations and small helpers the OpenFaaS tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autoscaling_env.config.openfaas import OpenFaasConfig
from live.functions.settings import FunctionSettings
from live.platform import FarmSpec, Roster, WorkerRecord


def quick_config(url: str, password_file: Path, **options: Any) -> OpenFaasConfig:
    """Return settings that fit a quick cluster: informer and cache are 0.1 s late at most."""
    defaults: dict[str, Any] = {"settle_s": 0.2, "poll_s": 0.1, "attempt_timeout_s": 1.0, "image": "example/farm:1"}
    return OpenFaasConfig(gateway=url, password_file=str(password_file), **(defaults | options))


def farm_spec(redis_url: str, name: str, **options: Any) -> FarmSpec:
    """Return a farm of up to 8 workers."""
    functions = FunctionSettings(redis_url=redis_url, farm=name, lease_s=3.0, drain_grace_s=10.0)
    return FarmSpec(functions, **({"min_workers": 0, "max_workers": 8, "open_timeout_s": 20.0} | options))


def roster(*workers: str, busy: tuple[str, ...] = ()) -> Roster:
    """Return idle workers, and those of ``busy`` with a task (free in the order given)."""
    records = [WorkerRecord(name, 0.1) for name in workers]
    return (*records, *(WorkerRecord(name, 0.1, at, 1.0 + at) for at, name in enumerate(busy)))
