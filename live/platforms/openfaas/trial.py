"""One worker function on trial: can the cluster pull the image, and does it reach the Redis that we see?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError
from live.clients import command_client
from live.control import Controller
from live.platforms.openfaas.deployment import Blueprint, trial_name
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
    name = trial_name(config.live.farm)
    spec = replace(spec, functions=replace(spec.functions, farm=name))
    deployer = Deployer(gateway, Blueprint(spec, config.live.openfaas), config.live.openfaas, spec)
    live, url = config.live, config.live.redis_url or ""
    with command_client(url, password_file=live.redis_password_file, retries=1, timeout_s=2.0) as client:
        queues = Queues(client, name, url)
        controller = Controller(queues, lease_s=live.lease_s, max_deliveries=live.max_deliveries)
        controller.begin(())
        with _cleared(deployer, controller, within_s):
            return _registered(deployer, queues, within_s)


@contextmanager
def _cleared(deployer: Deployer, controller: Controller, within_s: float) -> Iterator[None]:
    """Leave neither function nor key, whatever becomes of the block.

    Raises:
        BackendError: one is left; the message has that besides what went wrong in the block.
    """
    try:
        yield
    except BackendError as error:
        raise BackendError("; ".join([str(error), *_clear(deployer, controller, within_s)])) from None
    except BaseException:
        _clear(deployer, controller, within_s)
        raise
    if left := _clear(deployer, controller, within_s):
        raise BackendError("; ".join(left))


def _clear(deployer: Deployer, controller: Controller, within_s: float) -> list[str]:
    """Remove the trial's function and keys; return what could not be, and how it can."""
    gateway, blueprint = deployer.gateway, deployer.blueprint
    name, left = blueprint.worker_name(), []
    try:
        gateway.delete(name, within_s)  # by its name: what was deployed just now need not be listed yet
        remove_all(gateway, blueprint.farm, within_s)
    except BackendError as error:
        left.append(f"its function {name} is left ({error}): `autoscale farm down --backend openfaas` removes it")
    try:
        controller.release(drop=True)
    except BackendError as error:
        left.append(f"its keys {blueprint.farm}:* are left ({error})")
    return left


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
