"""``--backend local``: the whole farm on this machine, with a server of its own unless one is configured."""

from __future__ import annotations

import logging
import time
from functools import partial

from autoscaling_env.config import Config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from autoscaling_env.errors import BackendError
from live.backend import LiveBackend, randomized
from live.clock import Clock
from live.platforms.local.platform import LocalPlatform
from live.platforms.local.processes import Processes
from live.server import EmbeddedServer

logger = logging.getLogger(__name__)

SERVER = "server"
RESTART_PAUSE_S = 0.2


def make_local(config: Config) -> LiveBackend:
    """Return the farm of ``config`` on this machine. Its processes start now and go with ``close`` or with us.

    Raises:
        BackendError: there is no server program, and none is configured.
        InputError: start-up is drawn anew for every episode, and is not imposed here.
    """
    return randomized(config, partial(local_backend, config.farm, config.live))


def local_backend(
    farm: FarmConfig, live: LiveConfig, *, clock: Clock | None = None, debug: bool = False
) -> LiveBackend:
    """Return a live farm of local processes; the server is ``live.redis_url`` or a private one.

    Args:
        farm: delays and bounds.
        live: address and patience.
        clock: real time.
        debug: let the private server take DEBUG commands (fault tests).
    """
    processes = Processes()
    try:
        url = live.redis_url or _start_server(processes, debug)
        return LiveBackend(farm, live, LocalPlatform(processes), url, clock=clock)
    except BaseException:
        processes.close()
        raise


def _start_server(processes: Processes, debug: bool) -> str:
    """Start a private server, and again with its data should it die before its owner."""
    server = EmbeddedServer(processes.directory, debug=debug)
    command = server.command()

    def restart(name: str, how: str) -> None:
        if name == SERVER:
            logger.warning("the private server died (%s); starting it again with its data", how)
            time.sleep(RESTART_PAUSE_S)
            _run_again(processes, command)

    processes.on_end(restart)
    processes.run(SERVER, command)
    return server.url


def _run_again(processes: Processes, command: list[str]) -> None:
    try:
        processes.run(SERVER, command)
    except BackendError as error:
        logger.warning("the private server stays down: %s", error)
