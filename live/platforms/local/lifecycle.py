"""``autoscale farm up | status | down`` on this machine: the farm stands as long as the process that brought it up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from autoscaling_env.config import Config
from autoscaling_env.errors import BackendError
from autoscaling_env.farm_kind import FarmView, Progress
from live.platforms.local.standing import end, find, standing_farm
from live.status import FarmStatus, farm_status


class LocalLifecycle:
    """See ``Lifecycle``."""

    attended = True

    @contextmanager
    def up(self, config: Config, workers: int, progress: Progress) -> Iterator[FarmView]:
        """See ``Lifecycle.up``."""
        with standing_farm(config, workers) as (standing, telemetry):
            progress(telemetry.workers_ready, workers)
            lines = (f"farm {standing.farm}: {telemetry.workers_ready} workers ready", f"server {standing.url}")
            yield FarmView(data=asdict(standing), lines=lines)

    def status(self, config: Config) -> FarmView:
        """See ``Lifecycle.status``."""
        live = config.live
        found = farm_status(_address(config), live.farm, password_file=live.redis_password_file)
        rows = [{"What": key, "Found": str(value)} for key, value in _facts(found).items()]
        return FarmView(rows, asdict(found))

    def down(self, config: Config) -> bool:
        """See ``Lifecycle.down``."""
        standing = find(config.live.farm)
        if standing is None:
            return False
        end(standing)
        return True


def _facts(found: FarmStatus) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "farm": found.farm,
        "episode": found.episode or "none",
        "controlled by": f"{found.controller or 'nobody'}{'' if found.controlled else ' (gone)'}",
        "running": f"{found.running_s:.1f} s",
        "workers heard of": len(found.workers),
        "enqueued": found.enqueued_total,
        **{name: length for name, length in found.lengths.items() if length},
    }
    return facts | ({"failed": found.failed} if found.failed else {})


def _address(config: Config) -> str:
    if config.live.redis_url:
        return config.live.redis_url
    standing = find(config.live.farm)
    if standing is None:
        raise BackendError(f"farm {config.live.farm!r} is not up here; start it with `autoscale farm up`")
    return standing.url
