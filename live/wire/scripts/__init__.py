"""The Lua scripts of the queue protocol, one step each; read from the files beside this one.

The first line of a script, ``--! keys: a, b``, names the keys it touches (``*``: all of them); they are given
to the server as KEYS and are local variables in the script. ``--! lib:`` names shared parts of ``lib/``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from live.wire.keys import KEYS, key

if TYPE_CHECKING:
    from redis import Redis

NAMES = (
    "begin", "offer", "start", "take_segment", "enqueue", "fail", "register", "claim", "finish", "beat", "leave",
    "reap", "bury_worker", "collect", "snapshot", "renew", "release_farm",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """A script ready for the server: its text, and the names of its keys in order."""

    text: str
    keys: tuple[str, ...]


@cache
def source(name: str) -> Source:
    """Return script ``name`` with its keys bound and its shared parts put in front."""
    body = _read(f"{name}.lua")
    names = _header(body, "keys")
    keys = tuple(KEYS) if names == ("*",) else names
    variables = ", ".join(each.rpartition(":")[2] for each in keys)
    values = ", ".join(f"KEYS[{i + 1}]" for i in range(len(keys)))
    parts = [f"local {variables} = {values}", *(_read(f"lib/{part}.lua") for part in _header(body, "lib"))]
    return Source("\n".join([*parts, body]), keys)


@cache
def protocol() -> str:
    """Return what names this version of the queue protocol: functions of another one must not touch the queues."""
    text = "\0".join(part for name in NAMES for part in (name, *source(name).keys, source(name).text))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _read(path: str) -> str:
    return resources.files("live.wire.scripts").joinpath(path).read_text("utf-8")


def _header(body: str, what: str) -> tuple[str, ...]:
    for line in body.splitlines():
        if line.startswith(f"--! {what}:"):
            return tuple(name.strip() for name in line.partition(":")[2].split(","))
    return ()


class Scripts:
    """The scripts of one farm over one client; loads them again by itself after a server restart."""

    def __init__(self, client: Redis, farm: str) -> None:
        self._scripts = {name: client.register_script(source(name).text) for name in NAMES}
        self._keys = {name: [key(farm, each) for each in source(name).keys] for name in NAMES}

    def run(self, name: str, arguments: Iterable[str | int | float]) -> Any:
        """Run script ``name`` and return the server's answer."""
        return self._scripts[name](keys=self._keys[name], args=list(arguments))
