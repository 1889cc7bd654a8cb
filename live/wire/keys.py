"""Every key of a live farm, with its type and meaning; all under one ``{farm}`` hash tag, so they share a slot.

The running episode's id is field ``id`` of ``episode``. Every script compares it with the caller's, so what
an earlier episode left behind (a paused worker, a delayed packet) can change nothing.
Times are microseconds of the server's own clock.
"""

from __future__ import annotations

import re

from autoscaling_env.errors import InputError

#: Name -> (Redis type, meaning). The key is ``{farm}:<name>``.
KEYS: dict[str, tuple[str, str]] = {
    "episode": (
        "hash",
        "id, controller, controller_until_us, started_us (0: not yet), lease_us, max_deliveries, segments, failed",
    ),
    "input_queue": ("list", "segments as JSON that the emitter has not started"),
    "emitting": ("list", "the segment the emitter works on (at most one)"),
    "emitter_wake": ("list", "tokens the waiting emitter blocks on"),
    "worker_queue": ("list", "tasks as JSON waiting for a worker; taken from the left"),
    "worker_queue:enqueued_total": ("string", "tasks put on worker_queue since the start; redeliveries excluded"),
    "wake": ("list", "tokens idle workers block on"),
    "idle": ("set", "workers that found worker_queue empty and wait"),
    "fence": ("string", "the last fencing token given out"),
    "leases": ("zset", "task id, scored by when its lease ends"),
    "leased": ("hash", "task id -> token|worker|claimed_us|task JSON"),
    "holding": ("hash", "worker -> the task id it holds"),
    "claims": ("hash", "worker -> number of its newest claim; older ones are refused"),
    "deliveries": ("hash", "task id -> how often it was given to a worker"),
    "settled": ("hash", "task id -> token of the result that counts, or `dead`"),
    "values": ("hash", "task id -> what the handler returned, as JSON (absent for null)"),
    "result_queue": ("list", "results as JSON that are not collected yet"),
    "result_wake": ("list", "tokens the waiting collector blocks on"),
    "counted": ("set", "task ids that were collected"),
    "output_queue": ("list", "collected results as JSON, in order of collection"),
    "dead": ("list", "given up: JSON of id, reason, deliveries, body, at_us"),
    "workers": ("hash", "worker -> JSON of host, pid, started_us, ready_us"),
    "heartbeats": ("zset", "worker, scored by when it last reported"),
    "history": ("list", "one line per event, `us kind task worker token`; see live/history.py"),
}

_FARM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def key(farm: str, name: str) -> str:
    """Return the full key of ``name`` (one of ``KEYS``)."""
    return f"{{{farm}}}:{name}"


def all_keys(farm: str) -> list[str]:
    """Return every key a farm can have, in the order of ``KEYS``."""
    return [key(farm, name) for name in KEYS]


def checked_farm(name: str) -> str:
    """Return ``name`` if it may name a farm.

    Raises:
        InputError: it contains something else than letters, digits, ``_ . -``, or is longer than 63.
    """
    if not _FARM.fullmatch(name):
        raise InputError(f"farm name {name!r}: use 1 to 63 letters, digits, '_', '.', '-', such as farm-2")
    return name
