"""``--backend local``: the whole farm on this machine, with a server of its own unless one is configured."""

from __future__ import annotations

from autoscaling_env.config import Config
from autoscaling_env.config.farm import FarmConfig
from autoscaling_env.config.live import LiveConfig
from live.backend import LiveBackend
from live.clock import Clock
from live.platforms.local import LocalPlatform
from live.platforms.processes import Processes
from live.server import EmbeddedServer


def make_local(config: Config) -> LiveBackend:
    """Return the farm of ``config`` on this machine. Its processes start now and go with ``close`` or with us.

    Raises:
        BackendError: there is no server program, and none is configured.
    """
    return local_backend(config.farm, config.live)


def local_backend(farm: FarmConfig, live: LiveConfig, clock: Clock | None = None) -> LiveBackend:
    """Return a live farm of local processes; the server is ``live.redis_url`` or a private one."""
    processes = Processes()
    try:
        url = live.redis_url or _start_server(processes)
        return LiveBackend(farm, live, LocalPlatform(processes), url, clock=clock)
    except BaseException:
        processes.close()
        raise


def _start_server(processes: Processes) -> str:
    server = EmbeddedServer(processes.directory)
    processes.run("server", server.command())
    return server.url
