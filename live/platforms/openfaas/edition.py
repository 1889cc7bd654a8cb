"""Which edition of OpenFaaS this is: its provider's name may tell, and what it refuses does."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from autoscaling_env.errors import BackendError
from live.platforms.openfaas.deployment import FARM_LABEL
from live.platforms.openfaas.errors import DOUBTFUL, FunctionUnknown, GatewayFailed, GatewayRejected
from live.platforms.openfaas.pool import PATIENCE, Deployer

#: Community Edition: replicas of a function, functions in all.
CE_REPLICAS, CE_FUNCTIONS = 5, 15
#: The one namespace it knows.
CE_NAMESPACE = "openfaas-fn"
#: Where a label asks for no more than the edition's own default.
DEFAULT_MAX = 20


class Edition(StrEnum):
    """``unknown``: the provider's name is the same in Standard, Enterprise and old Community Editions."""

    COMMUNITY = "community"
    UNKNOWN = "unknown"
    UNLIMITED = "unlimited"


def edition_of(info: dict[str, Any]) -> Edition:
    """Return what ``GET /system/info`` says: the Community Edition's provider calls itself ``faas-netes-ce``."""
    provider = info.get("provider")
    known = provider if isinstance(provider, dict) else {}
    names = (str(known.get(key, "")) for key in ("provider", "name"))
    return Edition.COMMUNITY if any(name.endswith("-ce") for name in names) else Edition.UNKNOWN


def find_edition(deployer: Deployer, give_up_s: float) -> Edition:
    """Return the edition; where its name does not tell, by deploying the worker function with a high limit.

    The Community Edition refuses ``com.openfaas.scale.max`` above 5. Nothing is left behind by a refusal.
    """
    try:
        known = edition_of(deployer.gateway.info(give_up_s - deployer.clock.now()))
    except (FunctionUnknown, GatewayFailed, GatewayRejected):
        known = Edition.UNKNOWN
    if known is not Edition.UNKNOWN:
        return known
    try:
        deploy(deployer, _wide_worker(deployer), give_up_s)
    except GatewayRejected:
        return Edition.COMMUNITY
    return Edition.UNLIMITED


def deploy_workers(deployer: Deployer, give_up_s: float) -> None:
    """Deploy the one worker function with the highest limit that is allowed, and wait until it is known.

    Raises:
        BackendError: it cannot be deployed.
    """
    try:
        deploy(deployer, _wide_worker(deployer), give_up_s)
    except GatewayRejected:
        deploy(deployer, deployer.blueprint.worker(scale_max=CE_REPLICAS), give_up_s)


def _wide_worker(deployer: Deployer) -> dict[str, Any]:
    return deployer.blueprint.worker(scale_max=max(DEFAULT_MAX, deployer.farm.max_workers))


def deploy(deployer: Deployer, deployment: dict[str, Any], give_up_s: float) -> None:
    """Deploy a function, and find out by reading back whether an answer that says otherwise was right.

    Raises:
        BackendError: it is not there, or its name is taken.
    """
    clock, gateway = deployer.clock, deployer.gateway
    trouble: Exception | None = None
    try:
        gateway.deploy(deployment, give_up_s - clock.now())
    except DOUBTFUL as error:
        trouble = error
    there = deployer.read_back(str(deployment["service"]), lambda status: status is not None, give_up_s, PATIENCE)
    if there is None and trouble is not None:
        raise trouble
    if there is not None and there.labels.get(FARM_LABEL) != deployer.blueprint.farm:
        raise BackendError(f"function {there.name} is there and not of this farm: use another live.farm, or delete it")
