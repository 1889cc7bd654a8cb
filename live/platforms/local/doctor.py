"""What ``autoscale doctor`` finds out about this machine and its server: each finding with its remedy."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autoscaling_env.config import Config
from autoscaling_env.errors import AutoscalingError, BackendError
from autoscaling_env.farm_kind import Finding
from live.clients import command_client, shown
from live.errors import speaking_ours
from live.functions.handlers import load
from live.server import find_binary

#: Memory of its own of one worker process, measured (MiB); a fork shares the rest.
WORKER_MIB = 11
#: LMOVE and LPOP with a count came with this version.
OLDEST_SERVER = (6, 2)
#: Longest path of a unix socket (bytes) on Linux; macOS has 104.
MAX_SOCKET_PATH = 104


def examine(config: Config) -> list[Finding]:
    """Look at everything ``--backend local`` needs. Takes a second; changes nothing.

    A finding that is not ok need not stop a run: without torch, for one, all but training the DQN works.
    """
    findings = [_package("redis", "the live farm"), _package("psutil", "the live farm"), _torch()]
    findings += [_cpu(config), _memory(config), _directory(), _handler(config)]
    return findings + list(_server(config))


def _finding(what: str, problem: str, detail: str, remedy: str) -> Finding:
    """Not ok when there is a problem; then the remedy counts."""
    return Finding(what, not problem, problem or detail, remedy if problem else "")


def _package(name: str, needed_for: str) -> Finding:
    try:
        return Finding(f"package {name}", True, version(name))
    except PackageNotFoundError:
        return Finding(
            f"package {name}", False, "not installed", f"{needed_for}: pip install 'openfaas-autoscaling[live]'"
        )


def _torch() -> Finding:
    try:
        build = version("torch")
    except PackageNotFoundError:
        return Finding(
            "torch", False, "not installed", "only to train the DQN: pip install 'openfaas-autoscaling[torch]'"
        )
    return Finding("torch", True, f"{build} ({'CPU build' if '+cpu' in build else 'default build'})")


def _cpu(config: Config) -> Finding:
    cores, workers = os.cpu_count() or 1, config.farm.max_workers
    few = config.live.handler.endswith(":spin") and workers > cores
    problem = f"{workers} workers that keep a CPU busy share {cores} cores" if few else ""
    return _finding("CPU", problem, f"{cores} cores", f"farm.max_workers={cores}, or another live.handler")


def _memory(config: Config) -> Finding:
    try:
        import psutil
    except ImportError:
        return Finding("memory", False, "unknown without psutil", "pip install 'openfaas-autoscaling[live]'")
    free, needed = psutil.virtual_memory().available >> 20, WORKER_MIB * config.farm.max_workers
    problem = f"{free} MiB free, {config.farm.max_workers} workers need about {needed}" if free < needed else ""
    return _finding("memory", problem, f"{free} MiB free, about {needed} needed", "lower farm.max_workers")


def _directory() -> Finding:
    path = Path(tempfile.gettempdir()) / "farm-12345678" / "redis.sock"
    long = len(os.fsencode(path)) >= MAX_SOCKET_PATH
    problem = f"{path.parent.parent}: too long for a unix socket" if long else ""
    if not os.access(path.parent.parent, os.W_OK):
        problem = f"{path.parent.parent}: not writable"
    return _finding("temporary directory", problem, str(path.parent.parent), "set TMPDIR to a short, writable path")


def _handler(config: Config) -> Finding:
    try:
        load(config.live.handler)
    except AutoscalingError as error:
        return Finding("handler", False, str(error), "install its package, or set live.handler")
    return Finding("handler", True, config.live.handler)


def _server(config: Config) -> Iterator[Finding]:
    if config.live.redis_url is None:
        yield _program()
        return
    where = shown(config.live.redis_url)
    try:
        facts = _facts(config)
    except AutoscalingError as error:
        yield Finding(
            "server", False, str(error), "start it, correct live.redis_url, or leave that out for a private one"
        )
        return
    yield from server_findings(where, facts)


def _program() -> Finding:
    try:
        binary = find_binary()
    except BackendError as error:
        return Finding("server program", False, "none on this machine", str(error).partition(": ")[2])
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=10)  # noqa: S603
    kind = "on the PATH" if shutil.which(Path(binary).name) == binary else "comes with pip"
    return Finding("server program", True, f"{said.stdout.strip()} ({kind}; private, unix socket, no TCP port)")


def _facts(config: Config) -> dict[str, str]:
    """Ask the server about itself; a managed one that hides CONFIG tells less."""
    url, secret = config.live.redis_url or "", config.live.redis_password_file
    with command_client(url, password_file=secret, retries=0, timeout_s=2.0) as client:
        with speaking_ours(shown(url)):
            facts = {str(name): str(value) for name, value in client.info().items()}
        try:
            with speaking_ours(shown(url)):
                facts["persistence"] = str(client.config_get("appendonly").get("appendonly", "unknown"))
        except BackendError:
            facts["persistence"] = "unknown"
    return facts


def server_findings(where: str, facts: dict[str, str]) -> Iterator[Finding]:
    """Judge what a server says of itself (INFO, and ``persistence``: its ``appendonly``)."""
    number = facts.get("valkey_version") or facts.get("redis_version", "0")
    old = tuple(int(part) for part in number.split(".")[:2]) < OLDEST_SERVER
    problem = f"version {number} at {where}" if old else ""
    yield _finding("server version", problem, f"{number} at {where}", "6.2 or newer is needed")
    policy = facts.get("maxmemory_policy", "unknown")
    problem = f"{policy}: it may throw tasks away" if policy not in {"noeviction", "unknown"} else ""
    yield _finding("eviction policy", problem, policy, "set `maxmemory-policy noeviction`")
    kept = facts.get("persistence", "unknown")
    problem = "appendonly no: a restart loses the episode" if kept == "no" else ""
    yield _finding("persistence", problem, f"appendonly {kept}", "set `appendonly yes`")
    role = facts.get("role", "master")
    yield _finding("role", "" if role == "master" else role, role, "name the primary in live.redis_url")
    limit, used = int(facts.get("maxmemory", "0")), int(facts.get("used_memory", "0"))
    full = f"{used >> 20} of {limit >> 20} MiB used" if limit and used > 0.8 * limit else ""
    yield _finding("server memory", full, f"{used >> 20} MiB used", "raise `maxmemory`")
