"""One namespace and one Redis for all cluster tests of a session; a farm name each.

Some tests stop the cluster's own programs, and all of them measure time: one runs at a time, also with pytest-xdist.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.platforms.kubernetes import clusters, images
from tests.live.platforms.kubernetes.clusters import Cluster, ReachableServer
from tests.live.servers import require_server

SHARED = Path(tempfile.gettempdir())


@contextmanager
def alone() -> Iterator[None]:
    """Among all test processes of this machine, only one is in here."""
    with (SHARED / f"autoscaling-cluster-tests-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def _one_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("cluster") is None:
        yield
        return
    clusters.kubeconfig()
    with alone():
        yield


@pytest.fixture(scope="session")
def _image() -> None:
    """Build the image once for all processes of a run."""
    clusters.kubeconfig()
    _once("image", images.build_image)


@pytest.fixture(scope="session")
def redis_image() -> str:
    """Build a Redis once for all processes of a run."""
    clusters.kubeconfig()
    if not images.builder():
        pytest.skip("AUTOSCALE_TEST_CLUSTER names no cluster that images can be given to")
    _once("redis", images.build_redis)
    return images.REDIS


def _once(what: str, build: Callable[[], None]) -> None:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    built = SHARED / f"autoscaling-{what}-{run}"
    with alone():
        if not built.exists():
            build()
            built.touch()


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
