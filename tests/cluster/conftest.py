"""One namespace and one Redis for all cluster tests of a session; a farm name each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import clusters
from tests.cluster.clusters import Cluster, ReachableServer
from tests.live.servers import require_server


@pytest.fixture(scope="session")
def _image() -> None:
    clusters.kubeconfig()
    clusters.build_image()


@pytest.fixture(scope="session")
def cluster(_image: None) -> Iterator[Cluster]:
    with clusters.namespace() as made:
        yield made


@pytest.fixture
def own_namespace(_image: None) -> Iterator[Cluster]:
    """A namespace that this test may spoil."""
    with clusters.namespace() as made:
        yield made


@pytest.fixture(scope="session")
def redis_server() -> Iterator[ReachableServer]:
    clusters.kubeconfig()
    require_server()
    running = ReachableServer()
    yield running
    running.stop()
