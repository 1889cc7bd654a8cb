"""What a farm on a server looks like from outside, without touching it (``autoscale farm status``)."""

from __future__ import annotations

from dataclasses import dataclass

from live.clients import command_client
from live.queues import Queues
from live.wire.keys import KEYS, key


@dataclass(frozen=True, slots=True)
class FarmStatus:
    """One farm. Lengths are counts; ages are real seconds by the server's clock.

    Attributes:
        episode: id of the running (or last) episode; "" when there is none.
        controller: who controls it.
        controlled: the controller's claim has not run out.
        running_s: since time 0; 0 if it has not started.
        lengths: key name -> length, for every list, hash, set and sorted set.
        enqueued_total: tasks enqueued in this episode.
        workers: worker -> seconds since its last heartbeat.
        failed: why the emitter gave up, or "".
    """

    farm: str
    episode: str
    controller: str
    controlled: bool
    running_s: float
    lengths: dict[str, int]
    enqueued_total: int
    workers: dict[str, float]
    failed: str


_LENGTH = {"list": "llen", "hash": "hlen", "set": "scard", "zset": "zcard"}


def farm_status(url: str, farm: str, *, password_file: str = "") -> FarmStatus:
    """Read the state of ``farm`` on the server at ``url``.

    Raises:
        BackendError: the server cannot be asked.
        InputError: the address or the farm's name is malformed.
    """
    with command_client(url, password_file=password_file, retries=1, timeout_s=2.0) as client:
        queues = Queues(client, farm, url)
        episode = queues.episode()
        now_us = queues.server_time_us()
        started_us = int(episode.get("started_us", "0"))
        return FarmStatus(
            farm=farm,
            episode=episode.get("id", ""),
            controller=episode.get("controller", ""),
            controlled=int(episode.get("controller_until_us", "0")) > now_us,
            running_s=(now_us - started_us) / 1e6 if started_us else 0.0,
            lengths=_lengths(queues),
            enqueued_total=queues.enqueued_total(),
            workers={name: (now_us - at_us) / 1e6 for name, at_us in queues.heartbeats().items()},
            failed=episode.get("failed", ""),
        )


def _lengths(queues: Queues) -> dict[str, int]:
    kinds = {name: _LENGTH[kind] for name, (kind, _) in KEYS.items() if kind in _LENGTH}
    return {name: queues.length(command, key(queues.farm, name)) for name, command in kinds.items()}
