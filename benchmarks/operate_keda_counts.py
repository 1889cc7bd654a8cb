"""Our external scaler, the real KEDA and a real HPA: sixty counts one after the other, and the time each took.

    AUTOSCALE_TEST_KUBECONFIG=... AUTOSCALE_TEST_CLUSTER=... python -m benchmarks.operate_keda_counts

Needs a test cluster with KEDA, and something that gives it images (CONTRIBUTING.md). ``autoscale keda-scaler`` runs on
this machine with a policy that wants what it is told; the ScaledObject is the one that ``autoscale export keda``
writes, and the HPA is KEDA's, with its tolerance. After every sixth count a whole sync of the HPA is waited for: the
count has to stay. Ends with 1 where a count was not reached.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from ruamel.yaml import YAML

from benchmarks.operated import place, told
from benchmarks.operated.queues import Workers
from experiments import KedaChoices, export_keda
from tests.live.platforms.kubernetes import clusters
from tests.live.platforms.kubernetes.clusters import ReachableServer, address_for_pods
from tests.ports import free_port

#: Ups, downs, single steps from 11 to 40, to none and back.
SEQUENCE = (
    *(1, 2, 5, 11, 12, 13, 12, 11, 15, 16, 17, 18, 17, 19, 20, 21, 20, 19, 20, 40),
    *(39, 38, 39, 40, 33, 34, 33, 0, 30, 31, 30, 29, 28, 0, 36, 37, 36, 35, 34, 35),
    *(26, 25, 26, 27, 26, 25, 24, 0, 10, 9, 10, 11, 10, 22, 24, 23, 24, 23, 1, 0),
)
MOST, SYNC_S, EVERY, PATIENCE_S = 46, 15.0, 6, 240.0
Step = dict[str, Any]


def main() -> int:
    """Run it; return 1 where a count was not reached, or did not stay."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-build", action="store_true", help="the workers' image is on the nodes already")
    parser.add_argument("--output", type=Path, help="where JSON stays; else nowhere")
    given = parser.parse_args()
    if not given.no_build:
        place.build_image()
    server = ReachableServer()
    try:
        with clusters.namespace() as cluster, tempfile.TemporaryDirectory() as folder:
            sleeper = Workers(("sleep", "infinity"), {}, fetch_s=0, startup_s=1.0)
            where = place.Place(cluster, sleeper, server.pods_url, Path(folder))
            with scaler(where, server, Path(folder)) as wanted:
                found = [_step(where, wanted, number, count) for number, count in enumerate(SEQUENCE)]
    finally:
        server.stop()
    print(summary(found))
    if given.output:
        given.output.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0 if all(each["reached"] and each["stayed"] for each in found) else 1


@contextmanager
def scaler(where: place.Place, server: ReachableServer, folder: Path) -> Iterator[Path]:
    """Run the external scaler, and let KEDA ask it; give the file that says what is wanted."""
    wanted, config, port = folder / "wanted", folder / "counts.yml", free_port()
    wanted.write_text("1", "utf-8")
    with config.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(_config(where, server, folder), file)
    command = [sys.executable, "-m", "cli", "keda-scaler", str(config), "--host", "0.0.0.0", "--port", str(port)]  # noqa: S104 - pods come from outside
    with (folder / "scaler.log").open("w") as log:
        environment = os.environ | {told.FILE: str(wanted)}
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - ours
        try:
            where.scaled_by(_scaled_object(config, folder, f"{address_for_pods()}:{port}"))
            yield wanted
        finally:
            running.terminate()
            running.wait(20)
            Console(stderr=True).print((folder / "scaler.log").read_text()[-2000:])


def _config(where: place.Place, server: ReachableServer, folder: Path) -> dict[str, Any]:
    """Return a controller's configuration whose policy decides, and no guardrail."""
    off = dict.fromkeys(("watchdog", "familiar", "clear_overdue", "spare_busy"))
    account = where.grant("autoscale-operate-look", "autoscale-operate-check")
    return {
        "source": {"kind": "redis_list", "url": server.url, "key": "counts"},
        "target": {
            "kind": "kubernetes",
            "namespace": where.cluster.namespace,
            "resource": f"deployment/{place.WORKER}",
            "kubeconfig": str(account.absolute()),
        },
        "policy": f"{told.__name__}:Told",
        "objective": {"finish_within": "1h", "share": 0.9},
        "bounds": {"min": 0, "max": MOST},
        "guardrails": {"decide_within": "0.5s", "scale_in_cooldown": "0s", "fallback": "static-1", **off},
        "mode": "act",
        "interval": "1s",
        "state": str(folder / "state"),
        "page": None,
    }


def _scaled_object(config: Path, folder: Path, address: str) -> dict[str, Any]:
    """Return what `autoscale export keda` writes, with the scaler's address on this machine."""
    found = export_keda(config, folder / "keda", KedaChoices())
    written: dict[str, Any] = YAML(typ="safe", pure=True).load(found.files["ScaledObject"].read_text("utf-8"))
    (trigger,) = written["spec"]["triggers"]
    trigger["metadata"]["scalerAddress"] = address
    return written


def _step(where: place.Place, wanted: Path, number: int, count: int) -> Step:
    """Want a count, and return by which way and in how many seconds the cluster came to it."""
    begin_s, path = time.monotonic(), [where.replicas()]
    wanted.write_text(str(count), "utf-8")
    while path[-1] != count and time.monotonic() - begin_s < PATIENCE_S:
        time.sleep(0.2)
        path += [now] if (now := where.replicas()) != path[-1] else []
    took_s, stayed, until_s = time.monotonic() - begin_s, True, time.monotonic()
    if number % EVERY == EVERY - 1:
        until_s += SYNC_S + 1
    while time.monotonic() < until_s:
        time.sleep(0.2)
        stayed = stayed and where.replicas() == count
    found = {"wanted": count, "path": path, "seconds": round(took_s, 1), "reached": path[-1] == count, "stayed": stayed}
    Console(stderr=True).print(f"{number + 1:2} {found}")
    return found


def summary(found: Sequence[Step]) -> str:
    """Return it in lines of a page."""
    seconds = sorted(each["seconds"] for each in found)
    detours = [each for each in found if len(each["path"]) > 2]
    to_zero = [each["seconds"] for each in found if each["wanted"] == 0]
    from_zero = [each["seconds"] for each in found if each["path"][0] == 0]
    return "\n".join(
        (
            (
                f"reached: {sum(each['reached'] for each in found)} of {len(found)}; left again: "
                f"{sum(not each['stayed'] for each in found)}"
            ),
            f"by way of other counts: {len(detours)}, of at most {max(len(each['path']) - 2 for each in found)}",
            f"s: median {median(seconds):.1f}, 90 % {seconds[int(0.9 * len(seconds))]:.1f}, most {seconds[-1]:.1f}",
            f"to none: {to_zero}; from none: {from_zero}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
