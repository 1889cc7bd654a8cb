"""What a function is told when it starts: environment variables and nothing else, so an image needs no files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from autoscaling_env.errors import InputError, unknown_name

PREFIX = "AUTOSCALE_FN_"
#: Kubernetes puts the address of every Service into the environment; those are not for us.
SERVICE_LINK = re.compile(r"_(SERVICE_(HOST|PORT).*|PORT(_\d+_.*)?)$")


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """Settings of one function; field ``lease_s`` is the variable ``AUTOSCALE_FN_LEASE_S``. Times are real seconds.

    Attributes:
        redis_url: ``redis://``, ``rediss://`` or ``unix://``; secrets may also come by a mounted file.
        farm: the farm's name, first part of every key.
        name: this process's own name; empty: host name, process id and start time.
        handler: ``module:function`` that does the work of a task.
        time_scale: real seconds per episode second.
        lease_s: how long a task stays with a silent worker before somebody else gets it.
        hang_s: how long a handler may show no progress before its worker gives up; > any service time.
        drain_grace_s: how long a worker told to leave may still work on its task before it hands it back.
        startup_delay_s: wait this long before becoming ready.
        max_result_bytes: a larger result is a failure of the task.
        memory_limit_mb: address space of a worker; 0: no limit.
        collect_s: episode seconds the collector spends on each result.
        http_port: where health and readiness are answered; 0: not at all.
        http_host: the address that port is bound to.
        password_file: file holding the Redis password; empty: the URL has it or there is none.
        protocol: version of the queue protocol that the controller speaks; empty: nobody asks.
    """

    redis_url: str = ""
    farm: str = "farm"
    name: str = ""
    handler: str = "live.functions.handlers:sleep"
    time_scale: float = 1.0
    lease_s: float = 15.0
    hang_s: float = 60.0
    drain_grace_s: float = 30.0
    startup_delay_s: float = 0.0
    max_result_bytes: int = 1_000_000
    memory_limit_mb: int = 0
    collect_s: float = 0.0
    http_port: int = 0
    http_host: str = "0.0.0.0"  # noqa: S104 - in a pod the probes come from outside
    password_file: str = ""
    protocol: str = ""

    def environment(self) -> dict[str, str]:
        """Return the variables that make ``from_environment`` give these settings."""
        return {f"{PREFIX}{field.name.upper()}": str(getattr(self, field.name)) for field in fields(self)}


def from_environment(environment: Mapping[str, str] | None = None) -> FunctionSettings:
    """Read ``AUTOSCALE_FN_*``; an absent variable means the default.

    Raises:
        InputError: all unknown names, unreadable numbers and missing values at once.
    """
    given = _given(os.environ if environment is None else environment)
    known = {field.name: _READERS[str(field.type)] for field in fields(FunctionSettings)}
    values: dict[str, Any] = {}
    problems = []
    for name, text in given.items():
        try:
            values[name] = known[name](text)
        except KeyError:
            names = (PREFIX + key.upper() for key in known)
            problems.append(unknown_name("environment variable", PREFIX + name.upper(), names))
        except ValueError:
            problems.append(f"{PREFIX}{name.upper()}={text}: must be a number")
    if re.search(r"[\s|]", values.get("name", "")):
        problems.append(f"{PREFIX}NAME={values['name']}: must hold no blank and no '|'")
    if not values.get("redis_url"):
        problems.append(f"{PREFIX}REDIS_URL is not set: write redis://host:port/db or unix:///path")
    if problems:
        raise InputError(*problems)
    return FunctionSettings(**values)


_READERS: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float}


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    ours = {k.removeprefix(PREFIX): v for k, v in environment.items() if k.startswith(PREFIX)}
    return {name.lower(): text for name, text in ours.items() if name in _NAMES or not SERVICE_LINK.search(name)}


_NAMES = {field.name.upper() for field in fields(FunctionSettings)}
