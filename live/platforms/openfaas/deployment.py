"""What is handed to the gateway: names, labels and deployments of a farm's functions."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from autoscaling_env.config.openfaas import OpenFaasConfig
from autoscaling_env.errors import InputError
from live.clients import shown
from live.platform import FarmSpec
from live.platforms.openfaas.gateway import FunctionStatus

FARM_LABEL, ROLE_LABEL, RUN_LABEL = "autoscaling-env/farm", "autoscaling-env/role", "autoscaling-env/run"
SERVICES = ("emitter", "collector")
PORT = 8080
SECRETS = "/var/openfaas/secrets"
#: A pod is called FUNCTION-<hash>-<hash>, and its name is its worker's until 63 characters.
MAX_FARM = 30
#: How the farm of a trial is called: this, eight hexadecimal digits, and what there is room for of the farm's own name.
TRIAL = "doctor-"
TRIAL_ROOM = MAX_FARM - len(TRIAL) - 9
#: Between a worker's handing its task back and the end of its replica.
HAND_BACK_S = 3.0


class Blueprint:
    """Names and deployments of one farm's functions.

    Args:
        farm: what the functions are told.
        config: image, resources, secrets.
        run: who deploys them: whoever has lost the farm to another controller must not remove that one's.

    Raises:
        InputError: the farm's name cannot name functions, or there is no image. All problems at once.
    """

    def __init__(self, farm: FarmSpec, config: OpenFaasConfig, run: str = "") -> None:
        self.run = run
        self.farm = checked_name(farm.functions.farm)
        self._config = config
        if not config.image:
            raise InputError("live.openfaas.image is not set: build deploy/openfaas/Dockerfile, push it, and name it")
        self._functions = replace(
            farm.functions,
            name="",
            http_port=PORT,
            password_file=f"{SECRETS}/{config.redis_secret}" if config.redis_secret else "",
            drain_grace_s=min(farm.functions.drain_grace_s, config.termination_grace_s - HAND_BACK_S),
        )

    @property
    def redis(self) -> str:
        """Where the functions look for Redis, fit to be printed."""
        return shown(self._functions.redis_url)

    def service(self, role: str) -> dict[str, Any]:
        """Return the deployment of the one emitter or collector."""
        return self._deployment(f"{self.farm}-{role}", role, 1, 0.0)

    def worker(self, number: int = 0, *, scale_max: int = 1, startup_s: float = 0.0) -> dict[str, Any]:
        """Return the deployment of worker function ``number``; 0: the only one."""
        return self._deployment(self.worker_name(number), "worker", scale_max, startup_s)

    def worker_name(self, number: int = 0) -> str:
        """Return the name of worker function ``number``; 0: the only one."""
        return f"{self.farm}-worker-{number}" if number else f"{self.farm}-worker"

    def ours(self, listing: Iterable[FunctionStatus], role: str = "") -> tuple[FunctionStatus, ...]:
        """Return the functions that carry this farm's labels, of one role or of all."""
        return tuple(each for each in ours(listing, self.farm) if role in {"", each.labels.get(ROLE_LABEL)})

    def _deployment(self, name: str, role: str, scale_max: int, startup_s: float) -> dict[str, Any]:
        config = self._config
        settings = replace(self._functions, startup_delay_s=startup_s)
        secrets = (config.redis_secret, *(config.secrets if role == "worker" else ()))
        limits = {"limits": {"memory": config.memory_limit}} if config.memory_limit else {}
        return {
            "service": name,
            "image": config.image,
            "namespace": config.namespace,
            "envProcess": f"python -m live.functions.{role}",
            "envVars": settings.environment(),
            "labels": {
                FARM_LABEL: self.farm,
                ROLE_LABEL: role,
                "com.openfaas.scale.min": "1",
                "com.openfaas.scale.max": str(scale_max),
            }
            | ({RUN_LABEL: self.run} if self.run else {}),
            "secrets": list(dict.fromkeys(filter(None, secrets))),
            "requests": {"cpu": config.cpu, "memory": config.memory},
            "readOnlyRootFilesystem": True,
        } | limits


def ours(listing: Iterable[FunctionStatus], farm: str, run: str = "") -> tuple[FunctionStatus, ...]:
    """Return the functions that carry the labels of ``farm``, whoever deployed them, or those of one run."""
    mine = (each for each in listing if each.labels.get(FARM_LABEL) == farm)
    return tuple(each for each in mine if run in {"", each.labels.get(RUN_LABEL)})


def trial_name(farm: str) -> str:
    """Return the name of a new farm that tries out what ``farm`` needs, beside it."""
    return f"{TRIAL}{uuid.uuid4().hex[:8]}-{farm}"[:MAX_FARM].rstrip("-")


def trials(listing: Iterable[FunctionStatus], farm: str) -> tuple[FunctionStatus, ...]:
    """Return the functions that trials for ``farm`` deployed; names that are too long for their ends are alike."""
    name = re.compile(f"{TRIAL}[0-9a-f]{{8}}-{re.escape(farm[:TRIAL_ROOM].rstrip('-'))}")
    return tuple(each for each in listing if name.fullmatch(each.labels.get(FARM_LABEL, "")))


def function_of(worker: str) -> str:
    """Return the function a worker belongs to: its name begins with its pod's, ``FUNCTION-<hash>-<hash>``."""
    return worker.partition(".")[0].rsplit("-", 2)[0]


def checked_name(farm: str) -> str:
    """Return ``farm`` if functions can be named after it.

    Raises:
        InputError: it has other characters than ``a-z 0-9 -``, or is too long.
    """
    if len(farm) > MAX_FARM or not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", farm):
        raise InputError(
            f"live.farm {farm!r} cannot name OpenFaaS functions: use at most {MAX_FARM} of a-z, 0-9 and '-', "
            "beginning with a letter"
        )
    return farm
