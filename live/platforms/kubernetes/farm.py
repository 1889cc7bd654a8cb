"""``--backend kubernetes``: the whole farm from a configuration."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from autoscaling_env.config import Config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import InputError
from live.backend import LiveBackend, randomized
from live.clients import shown
from live.clock import Clock
from live.platforms.kubernetes.platform import KubernetesPlatform


def make_kubernetes(config: Config) -> LiveBackend:
    """Return the farm of ``config`` on its cluster; nothing is created there before the first ``reset``.

    Raises:
        InputError: there is no cluster to be found, or Redis has no address that pods can reach.
    """
    _check_grace(config)
    return randomized(config, partial(kubernetes_backend, config.farm, config.live))


def kubernetes_backend(farm: FarmConfig, live: LiveConfig, clock: Clock | None = None) -> LiveBackend:
    """Return a live farm of pods."""
    ours, theirs = addresses(live)
    platform = KubernetesPlatform(live.kubernetes)
    backend = LiveBackend(farm, live, platform, ours, functions_redis_url=theirs, clock=clock)
    backend.spec = replace(
        backend.spec,
        open_timeout_s=live.kubernetes.open_timeout_s,
        call_timeout_s=live.kubernetes.call_timeout_s,
    )
    return backend


def addresses(live: LiveConfig) -> tuple[str, str]:
    """Return Redis's address as this process reaches it, and as pods do.

    Raises:
        InputError: there is none, or pods cannot use it.
    """
    ours = live.redis_url or live.kubernetes.redis_url
    theirs = live.kubernetes.redis_url or live.redis_url
    if not ours or not theirs:
        raise InputError(
            "live.redis_url is not set: --backend kubernetes needs a Redis that pods can reach, such as "
            "redis://redis.autoscaling:6379/0 from deploy/kubernetes/overlays/redis-in-cluster"
        )
    if theirs.startswith("unix:"):
        raise InputError(f"Redis at {shown(theirs)}: pods cannot use a socket file; set live.kubernetes.redis_url")
    return ours, theirs


def _check_grace(config: Config) -> None:
    longest_s = config.workload.service.max_s * config.live.time_scale
    if longest_s < 1e6 and config.live.drain_grace_s < longest_s:
        raise InputError(
            f"live.drain_grace_s {config.live.drain_grace_s:g} is shorter than the longest task "
            f"({longest_s:g} real seconds): workers told to leave would hand their tasks back; raise it"
        )
