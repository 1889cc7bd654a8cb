"""Farms in a cluster, by the name of their backend: how they go up, are seen, and go down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from autoscaling_env.config import Config

#: Called with (pods or functions ready, wanted).
Progress = Callable[[int, int], None]


class Cluster(Protocol):
    """What ``autoscale farm`` does in a cluster; rows are dataclasses, one per role or function."""

    def up(self, config: Config, workers: int, progress: Progress) -> Sequence[Any]:
        """Bring the farm up and return its rows."""
        ...

    def status(self, config: Config) -> Sequence[Any]:
        """Return its rows; none if it is not up."""
        ...

    def down(self, config: Config) -> None:
        """Remove everything of it."""
        ...


class Kubernetes:
    """Deployments in a namespace."""

    def up(self, config: Config, workers: int, progress: Progress) -> Sequence[Any]:
        """See ``Cluster.up``."""
        from live.platforms.kubernetes.lifecycle import farm_up

        return farm_up(config, workers, progress)

    def status(self, config: Config) -> Sequence[Any]:
        """See ``Cluster.status``."""
        from live.platforms.kubernetes.lifecycle import farm_status

        return farm_status(config)

    def down(self, config: Config) -> None:
        """See ``Cluster.down``."""
        from live.platforms.kubernetes.lifecycle import farm_down

        farm_down(config)


class OpenFaaS:
    """Functions behind a gateway."""

    def up(self, config: Config, workers: int, progress: Progress) -> Sequence[Any]:
        """See ``Cluster.up``."""
        from autoscaling_env.settings import with_overrides
        from live.platforms.openfaas.farm import up

        return up(with_overrides(config, {"farm.initial_workers": workers}), progress)

    def status(self, config: Config) -> Sequence[Any]:
        """See ``Cluster.status``."""
        from live.platforms.openfaas.farm import status

        return status(config)

    def down(self, config: Config) -> None:
        """See ``Cluster.down``."""
        from live.platforms.openfaas.farm import down

        down(config)


CLUSTERS: dict[str, Cluster] = {"kubernetes": Kubernetes(), "openfaas": OpenFaaS()}
