"""One namespace for all tests here; only one test at a time is on the cluster, as for the farm of pods."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.platforms.kubernetes import clusters
from tests.live.platforms.kubernetes.clusters import Cluster
from tests.live.platforms.kubernetes.conftest import _image, _one_at_a_time
from tests.operate.targets.kubernetes.deployments import Workers

__all__ = ["_image", "_one_at_a_time"]


@pytest.fixture(scope="session")
def jobs(_image: None) -> Iterator[Cluster]:
    """The namespace of somebody who has workers."""
    with clusters.namespace() as made:
        yield made


@pytest.fixture
def workers(jobs: Cluster) -> Iterator[Workers]:
    """A Deployment without pods yet; deleted afterwards."""
    made = Workers(jobs)
    yield made
    made.delete()
