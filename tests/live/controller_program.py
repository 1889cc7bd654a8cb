"""A controller to be killed: runs an episode that never ends on the server named on the command line."""

from __future__ import annotations

import sys

from autoscaling_env.testing.backend import steady
from live.platforms.local.farm import local_backend
from live.platforms.local.platform import LocalPlatform
from tests.live.farms import farm_config, live_config


def main(url: str) -> None:
    backend = local_backend(farm_config(), live_config(redis_url=url or None))
    backend.reset(steady(1000, 2.0, 3.0), 3)
    backend.advance(1.0)
    assert isinstance(backend.platform, LocalPlatform)
    processes = backend.platform._processes
    print(processes._guardian.pid, *processes.pids.values(), processes.directory, flush=True)
    while True:
        backend.advance(1.0)


if __name__ == "__main__":
    main(sys.argv[1])
