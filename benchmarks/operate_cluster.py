"""Somebody's queue and workers in a real cluster: KEDA scales them while we watch, then we act on the same load.

    AUTOSCALE_TEST_KUBECONFIG=... AUTOSCALE_TEST_CLUSTER=... python -m benchmarks.operate_cluster [--system rq ...]

Needs a test cluster with KEDA, and something that gives it images (CONTRIBUTING.md); makes a namespace of its own for
each system and deletes it. The workers are some lines of Python that import nothing of ours
(``benchmarks/operated/shop``). In the first episode a real ScaledObject with KEDA's own trigger scales them and
`operate` is in shadow, with an account that can only read; then the ScaledObject is taken away, and `operate` acts on
the same arrivals. Share in time and worker-hours are from the workers' and the cluster's own records. Everything is
kept under ``--output-dir``, a folder for each system, and must not be there already: ``result.json`` sums it up.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import redis

from benchmarks.operated import load, place, queues, table
from benchmarks.operated.trial import Given, Trial
from tests.live.platforms.kubernetes import clusters
from tests.live.platforms.kubernetes.clusters import ReachableServer


def main() -> None:
    """Try each system, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--system", nargs="+", default=["list"], choices=list(queues.MODULES), help="these queues")
    parser.add_argument("--periods", type=int, default=4, help=f"of {load.PERIOD_S:g} s in an episode")
    parser.add_argument("--length", type=int, default=5, help="waiting tasks per worker that KEDA aims at")
    parser.add_argument("--most", type=int, default=24, help="workers")
    parser.add_argument("--within", type=float, default=6.0, help="seconds in which a task is to be finished")
    parser.add_argument("--work", type=float, default=1.0, help="how long tasks are, as a share of the load's own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-build", action="store_true", help="the workers' image is on the nodes already")
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "operate-cluster")
    given = parser.parse_args()
    if not given.no_build:
        place.build_image()
    found = {system: tried(system, given) for system in given.system}
    print(table.markdown(found))


def tried(system: str, given: argparse.Namespace) -> dict[str, Any]:
    """Return what came of one system, and keep it."""
    folder = given.output_dir / system
    folder.mkdir(parents=True)  # an old controller's state would have a say
    trying = Given(given.periods, given.most, given.length, given.within, given.work, given.seed, folder)
    server = ReachableServer()
    try:
        with queues.opened(system, server) as queue, clusters.namespace() as cluster:
            where = place.Place(cluster, queue.workers, server.pods_url, folder)
            found = Trial(queue, where, redis.Redis.from_url(server.url), trying).run()
    finally:
        server.stop()
    names = ("periods", "most", "length", "within", "work", "seed")
    found = {"system": system} | {name: getattr(given, name) for name in names} | found
    (folder / "result.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return found


if __name__ == "__main__":
    main()
