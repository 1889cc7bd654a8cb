"""A Ray cluster of one-core nodes on this machine, of which some may be taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psutil
from ray.cluster_utils import Cluster
from tenacity import retry, stop_after_attempt

#: Bytes of a node's object store: what goes through it are a few lines of text.
OBJECT_STORE = 80 * 2**20


#: Times that a node is started: on a busy machine Ray gives up after half a minute.
STARTS = 8


class Nodes:
    """A head that runs no cells, and nodes that run one at a time.

    Attributes:
        address: for ``--address``.
        nodes: those that are there, the oldest first.
    """

    def __init__(self) -> None:
        self._cluster, self.nodes = self._with_head(), list[Any]()
        self.address = str(self._cluster.address)

    def add(self, environment: Mapping[str, str] | None = None) -> Any:
        """Add a node, whose processes have this environment besides, and return it."""
        node = self._started(self._cluster, num_cpus=1, env_vars=dict(environment or {}))
        self.nodes.append(node)
        return node

    @retry(stop=stop_after_attempt(STARTS), reraise=True)
    def _with_head(self) -> Cluster:
        cluster = Cluster()
        with _nothing_half_started():
            cluster.add_node(num_cpus=0, object_store_memory=OBJECT_STORE, include_dashboard=False)
        return cluster

    @retry(stop=stop_after_attempt(STARTS), reraise=True)
    def _started(self, cluster: Cluster, **settings: Any) -> Any:
        with _nothing_half_started():
            return cluster.add_node(object_store_memory=OBJECT_STORE, **settings)

    def kill(self, node: Any) -> None:
        """Take a node away without a word to anybody."""
        self.nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def close(self) -> None:
        """Take everything away, the head included."""
        self._cluster.shutdown()
        self.nodes.clear()


@contextmanager
def _nothing_half_started() -> Iterator[None]:
    """Kill what was started in the block where the block fails: Ray leaves it."""
    before = {each.pid for each in psutil.Process().children(recursive=True)}
    try:
        yield
    except Exception:
        for each in psutil.Process().children(recursive=True):
            if each.pid not in before:
                with suppress(psutil.Error):
                    each.kill()
        raise


@contextmanager
def nodes(count: int) -> Iterator[Nodes]:
    """Give a cluster of so many nodes."""
    found = Nodes()
    try:
        for _ in range(count):
            found.add()
        yield found
    finally:
        found.close()
