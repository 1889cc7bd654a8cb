"""``--backend openfaas``: the whole farm from a configuration."""

from __future__ import annotations

from autoscaling_env.config import Config
from autoscaling_env.errors import InputError
from live.backend import LiveBackend, farm_spec
from live.clock import Clock
from live.platform import FarmSpec
from live.platforms.openfaas.deployment import Blueprint
from live.platforms.openfaas.platform import OpenFaaSPlatform
from live.platforms.openfaas.services import Progress


def make_openfaas(config: Config) -> LiveBackend:
    """Return the farm of ``config`` on OpenFaaS; nothing is deployed before its first ``reset``.

    Raises:
        InputError: the configuration cannot be used; all problems at once.
    """
    return openfaas_backend(config)


def openfaas_backend(config: Config, *, clock: Clock | None = None, progress: Progress | None = None) -> LiveBackend:
    """Like ``make_openfaas``, with a clock, and told how many of emitter and collector are ready."""
    spec = checked_spec(config)
    live = config.live
    platform = OpenFaaSPlatform(live.openfaas, clock, progress=progress)
    return LiveBackend(
        config.farm, live, platform, live.redis_url or "", functions_redis_url=spec.functions.redis_url, clock=clock
    )


def checked_spec(config: Config) -> FarmSpec:
    """Return what the platform is told of this farm.

    Raises:
        InputError: Redis cannot be reached from here or from pods, there is no image, or the name is unfit.
    """
    live = config.live
    problems = []
    if not live.redis_url:
        problems.append("live.redis_url is not set: functions in a cluster need a server they can reach")
    inside = live.openfaas.redis_url or live.redis_url or ""
    if inside.startswith("unix://"):
        problems.append(f"{inside}: functions cannot reach a socket of this machine; set live.openfaas.redis_url")
    spec = farm_spec(config.farm, live, inside)
    try:
        Blueprint(spec, live.openfaas)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(*problems)
    return spec
