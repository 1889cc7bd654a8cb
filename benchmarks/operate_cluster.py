"""Somebody's queue and workers in a real cluster: KEDA scales while we watch, then we act on the same load.

    AUTOSCALE_TEST_KUBECONFIG=... AUTOSCALE_TEST_CLUSTER=... python -m benchmarks.operate_cluster [--periods 4]

Needs a test cluster with KEDA, and something that gives it images (CONTRIBUTING.md); makes a namespace of its own and
deletes it. The workers are ten lines of Python that import nothing of ours (``benchmarks/operated/consumer.py``). In
the first episode a real ScaledObject scales them and `operate` is in shadow, with an account that can only read; then
the ScaledObject is taken away, and `operate` acts on the same arrivals. Share in time and worker-hours are from the
consumers' and the cluster's own records. Everything is kept under ``--output-dir``; ``result.json`` sums it up.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
from ruamel.yaml import YAML

from benchmarks.operated import journaled, load, place, truth
from experiments import Limits, check_operate, counterfactual, operate_config
from tests.live.platforms.kubernetes import clusters
from tests.live.platforms.kubernetes.clusters import ReachableServer

WITHIN_S, SHARE, MOST, INTERVAL_S = 6.0, 0.95, 24, 4.0
LOOK = ("autoscale-operate-look", "autoscale-operate-check")
ACT = ("autoscale-operate-lead", "autoscale-operate-act")
#: Tasks that still wait at the end of an episode are served within this time.
DRAIN_S = 240.0


def main() -> None:
    """Run both episodes, and print the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--periods", type=int, default=4, help=f"of {load.PERIOD_S:g} s in an episode")
    parser.add_argument("--list-length", type=int, default=5, help="waiting tasks per worker that KEDA aims at")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-build", action="store_true", help="the consumer's image is on the nodes already")
    parser.add_argument("--output-dir", type=Path, default=Path("runs") / "operate-cluster")
    given = parser.parse_args()
    given.output_dir.mkdir(parents=True, exist_ok=True)
    if not given.no_build:
        place.build_image()
    tasks = load.drawn(given.periods * load.PERIOD_S, given.seed)
    server = ReachableServer()
    try:
        with clusters.namespace() as cluster:
            found = trial(place.Place(cluster, server.pods_url, given.output_dir), server, tasks, given)
    finally:
        server.stop()
    found = {"list_length": given.list_length, "seed": given.seed, "periods": given.periods} | found
    (given.output_dir / "result.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(json.dumps(found, indent=1))


def trial(
    somewhere: place.Place, server: ReachableServer, tasks: load.Tasks, given: argparse.Namespace
) -> dict[str, Any]:
    """Return what came of both episodes, and what the first one's journal predicts of the second."""
    found: dict[str, Any] = {}
    folder, seconds = given.output_dir, given.periods * load.PERIOD_S
    config = written(folder / "shadow.yaml", somewhere, server, somewhere.grant(*LOOK), mode="shadow")
    somewhere.begin_with(1)
    somewhere.keda(MOST, given.list_length)
    found["check"] = {mode: checked(config, f"mode={mode}") for mode in ("shadow", "act")}
    found["shadow"] = episode(config, somewhere, server, tasks, seconds)
    begin = datetime.fromtimestamp(found["shadow"]["begin_s"], UTC)
    found["prediction"] = predicted(folder, begin, begin + timedelta(seconds=seconds))
    somewhere.no_keda()
    somewhere.begin_with(1)
    config = written(folder / "act.yaml", somewhere, server, somewhere.grant(*ACT), mode="act")
    found["check"]["act, KEDA away"] = checked(config, "mode=act")
    found["act"] = episode(config, somewhere, server, tasks, seconds)
    return found


def episode(
    config: Path, somewhere: place.Place, server: ReachableServer, tasks: load.Tasks, seconds: float
) -> dict[str, Any]:
    """Let the load pass, beginning with a period; return what was recorded by whom."""
    client, name, folder = redis.Redis.from_url(server.url), config.stem, config.parent
    client.flushdb()
    client.set("came", 0)
    client.set("finished", 0)
    before = somewhere.managers()
    begin_s = (time.time() // load.PERIOD_S + 1) * load.PERIOD_S
    if begin_s - time.time() < 30:  # the controller needs some seconds to begin
        begin_s += load.PERIOD_S
    watch = truth.Watch(somewhere.cluster.api, somewhere.path, somewhere.cluster.path("pods"))
    producer = load.Producer(server.url, tasks, begin_s)
    watch.start()
    time.sleep(max(0.0, begin_s - 24 - time.time()))
    with controller(config):
        producer.start()
        producer.join()
        time.sleep(max(0.0, begin_s + seconds + INTERVAL_S / 2 - time.time()))
    truth.until_served(client, DRAIN_S)
    watch.stop()
    done, books = truth.served(client, len(tasks.at_s))
    (folder / f"{name}-tasks.json").write_text(json.dumps(done), "utf-8")
    (folder / f"{name}-workers.json").write_text(json.dumps([asdict(each) for each in watch.looks]), "utf-8")
    ticks = journaled.records(folder / "state", begin_s, time.time())
    return {
        "begin_s": begin_s,
        "true": truth.summary(done, watch, begin_s, begin_s + seconds, WITHIN_S),
        "books": books,
        "producer_late_s": producer.late_s,
        "journal": journaled.told(ticks, done, begin_s, begin_s + seconds, WITHIN_S),
        "managers": {"before": before, "after": somewhere.managers()},
    }


@contextmanager
def controller(config: Path) -> Iterator[None]:
    """Run a controller beside us."""
    with config.with_suffix(".log").open("w") as log:
        command = [sys.executable, "-m", "cli", "operate", "run", str(config)]
        running = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - ours
        try:
            yield
        finally:
            running.terminate()  # as a kubelet does
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def written(file: Path, somewhere: place.Place, server: ReachableServer, account: Path, mode: str) -> Path:
    """Write a controller's configuration; both share their state, so acting begins with what was seen before."""
    namespace = somewhere.cluster.namespace
    target = {"kind": "kubernetes", "namespace": namespace, "kubeconfig": str(account.absolute())}
    config = {
        "source": {
            "kind": "redis_list", "url": server.url, "key": "tasks", "processing_keys": ["held"],
            "arrived_key": "came", "completed_key": "finished", "timestamp_field": "at", "taken_from": "right",
        },
        "target": target | {"resource": f"deployment/{place.WORKER}"},
        "policy": "planner",
        "objective": {"finish_within": f"{WITHIN_S:g}s", "share": SHARE, "window": "10m"},
        "bounds": {"min": 1, "max": MOST},
        "tasks": {"service_time": "1s", "variation": 0.5},
        "workers": {"startup_time": "6s"},
        "guardrails": {"scale_in_cooldown": "20s"},
        "mode": mode,
        "interval": f"{INTERVAL_S:g}s",
        "observation_window": "20s",
        "period": f"{load.PERIOD_S:g}s",
        "lease": "autoscale-operate",
        "state": str((file.parent / "state").absolute()),
        "page": {"port": 0},
    }  # fmt: skip
    with file.open("w", encoding="utf-8") as out:
        YAML(typ="safe", pure=True).dump(config, out)
    return file


def checked(config: Path, assignment: str) -> list[str]:
    """Return what `operate check` says, a line each; what is fine begins with ok."""
    findings = check_operate(operate_config(config, [assignment]))
    return [f"{'ok' if each.ok else 'NO'}  {each.what}: {each.detail}" for each in findings if each.what != "state"]


def predicted(folder: Path, since: datetime, until: datetime) -> dict[str, Any]:
    """Return what the report says of the journal between two moments; where it refuses to, also what it would say."""
    options: dict[str, Any] = {"since": since, "until": until, "block_s": load.PERIOD_S}
    found = counterfactual(folder / "state", output=folder / "report.html", **options)
    said = {name: value for name, value in found.to_json().items() if name != "files"}
    if found.trusted:
        return said
    anyway = counterfactual(folder / "state", limits=Limits(*[1e9] * len(fields(Limits))), **options)
    return said | {"were_it_trusted": anyway.to_json()["policies"]}


if __name__ == "__main__":
    main()
