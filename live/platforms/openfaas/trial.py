"""One worker function on trial: can the cluster pull the image, and does it reach the Redis that we see?"""

from __future__ import annotations

import uuid
from dataclasses import replace

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError
from live.clients import command_client
from live.control import Controller
from live.platforms.openfaas.deployment import MAX_FARM, Blueprint
from live.platforms.openfaas.edition import deploy
from live.platforms.openfaas.farm import checked_spec
from live.platforms.openfaas.gateway import Gateway
from live.platforms.openfaas.pool import Deployer
from live.platforms.openfaas.services import remove_all
from live.queues import Queues

LOOK_S = 0.1


def try_worker(config: Config, gateway: Gateway, within_s: float) -> float:
    """Deploy one worker of a farm of its own, wait until it registers, remove it; return the seconds that took.

    Raises:
        BackendError: it does not run, or does not reach Redis; the message says which.
        InputError: the configuration cannot be used.
    """
    spec = checked_spec(config)
    name = f"doctor-{uuid.uuid4().hex[:8]}-{config.live.farm}"[:MAX_FARM].rstrip("-")
    spec = replace(spec, functions=replace(spec.functions, farm=name))
    deployer = Deployer(gateway, Blueprint(spec, config.live.openfaas), config.live.openfaas, spec)
    live, url = config.live, config.live.redis_url or ""
    with command_client(url, password_file=live.redis_password_file, retries=1, timeout_s=2.0) as client:
        queues = Queues(client, name, url)
        controller = Controller(queues, lease_s=live.lease_s, max_deliveries=live.max_deliveries)
        controller.begin(())
        try:
            return _registered(deployer, queues, within_s)
        finally:
            controller.release(drop=True)
            remove_all(gateway, name, within_s)


def _registered(deployer: Deployer, queues: Queues, within_s: float) -> float:
    began_s = deployer.clock.now()
    give_up_s = began_s + within_s
    deploy(deployer, deployer.blueprint.worker(), give_up_s)
    while not queues.heartbeats():
        if deployer.clock.now() > give_up_s:
            raise BackendError(_why_not(deployer, within_s))
        deployer.clock.sleep(LOOK_S)
    return deployer.clock.now() - began_s


def _why_not(deployer: Deployer, within_s: float) -> str:
    name = deployer.blueprint.worker_name()
    found = deployer.gateway.function(name, deployer.farm.call_timeout_s)
    if found is not None and found.available:
        return f"a worker runs, but has not reached Redis at {deployer.blueprint.redis} in {within_s:g} s"
    return f"a worker of image {deployer.config.image!r} does not run after {within_s:g} s"
