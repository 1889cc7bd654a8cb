"""What starts a worker, as its platform tells: by it is checked whether stopping one loses work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WorkerTemplate:
    """How the platform starts and stops a worker.

    Attributes:
        where: what is to be changed, such as ``deployment/worker``.
        command: words of the command with its arguments; (): the image's own, which nobody sees here.
        environment: variables that are given by value.
        grace_s: seconds from asking a worker to stop until it is killed; what runs before that counts, too.
        before_stop: what runs before it is asked to; "": nothing.
        stop_signal: how it is asked to.
        grace_setting: where ``grace_s`` is set.
        beside: other programs that run with each worker, by name, such as a log shipper.
    """

    where: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    grace_s: float = 30.0
    before_stop: str = ""
    stop_signal: str = "SIGTERM"
    grace_setting: str = "terminationGracePeriodSeconds"
    beside: tuple[str, ...] = ()
